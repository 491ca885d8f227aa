// A plan that is hard to display, and what GitHub shows of Markdown: shared by the tests of the scripts and of the workflows.
const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const { join } = require('node:path');

/** The visible text of Markdown on GitHub: that of each code block, and the other text. */
function rendered(markdown) {
  const { status, stdout, stderr } = spawnSync(process.env.PYTHON, [join(__dirname, 'rendered.py')], { input: markdown, encoding: 'utf8', maxBuffer: 1 << 23 });
  assert.strictEqual(status, 0, stderr);
  return JSON.parse(stdout);
}

/** A plan with a replacement, special characters of Markdown and HTML, and the given number of changed resources. */
function plan(resources) {
  const values = ['*a* _b_ **c**', '<b>bold</b> <script>x</script> <!-- c', '&amp; & &lt;', '``` ````', '~~~', '[a](b) ![c](d)', '</code></pre>', '@all #1', '\\*', '| a | b |'];
  const change = index => `  ~ Resource${index}  AWS::SNS::Topic\n      DisplayName: ${values[index % values.length]} -> *new*`;
  const first = 'settings dev, account 1, region eu-west-1\n\nReplaced or removed: 1 resource\n  base: ! Bucket  AWS::S3::Bucket  is replaced';
  const stack = ['P-base  update', '- item', '# heading', '> quote', '    code', '```', '', ...Array.from({ length: resources }, (_, index) => change(index))];
  return `${first}\n\n${stack.join('\n')}\n\nplan d1\n`;
}

module.exports = { plan, rendered };
