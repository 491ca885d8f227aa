// Records that a stand-in was started, as a malicious build script would see it: with every credential in its environment, in its
// home, and in the files of the workspace and of the runner. Only the names of credentials are recorded.
const { appendFileSync, existsSync, readdirSync, readFileSync } = require('node:fs');
const { dirname, join } = require('node:path');

const CREDENTIAL = /credential-[\w-]+/g;
const config = JSON.parse(readFileSync(join(process.env.ACT_RUN, 'config.json'), 'utf8'));
const { GITHUB_WORKFLOW, GITHUB_JOB, GITHUB_ACTION, GITHUB_ENV, GITHUB_WORKSPACE, HOME, ...environment } = process.env;
const job = `${GITHUB_WORKFLOW}/${GITHUB_JOB}`;

/** Where credentials are found: `NAME in the environment` or `NAME in FILE`. */
function credentials() {
  // An action's inputs are its own.
  const given = Object.entries(environment).filter(([name, value]) => !name.startsWith('INPUT_') && value.match(CREDENTIAL));
  const found = given.map(([name]) => `${name} in the environment`);
  for (const folder of [HOME, GITHUB_WORKSPACE, dirname(GITHUB_ENV)].filter(existsSync)) {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile())) {
      const text = readFileSync(join(entry.parentPath, entry.name), 'utf8');
      found.push(...(text.match(CREDENTIAL) ?? []).map(credential => `${credential} in ${entry.name}`));
    }
  }
  return found;
}

/** Records a program (with the run that built it) or an action, and returns whether it is to fail. */
function record(program, args, built) {
  const names = Object.keys(environment).filter(name => !/^(ACT|GITHUB|RUNNER)_/.test(name));
  const entry = { job, step: GITHUB_ACTION, program, args, built, cwd: process.cwd(), names, credentials: credentials() };
  appendFileSync(join(process.env.ACT_RUN, 'records'), `${JSON.stringify(entry)}\n`);
  return config.fail?.job === job && [config.fail.id, `${config.fail.step}`].includes(GITHUB_ACTION);
}

module.exports = { config, job, record };
