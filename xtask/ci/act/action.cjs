// Stands in for every action of the workflows. Checked as the real ones do: files that do not exist, names of artifacts that exist
// already or do not exist, permissions of files (lost in an artifact), the identity token, the account of a role.
// actions/github-script is its own source on the packages that its release contains, of the same versions; not checked is its bundle.
// Not checked either: caches, retention, the signatures of attestations.
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const { createRequire } = require('node:module');
const path = require('node:path');
const { config, job, record } = require('./record.cjs');

const { ACT_RUN, GITHUB_ACTION_REPOSITORY, GITHUB_ENV, GITHUB_STEP_SUMMARY, GITHUB_WORKSPACE } = process.env;
const input = (name, otherwise = '') => process.env[`INPUT_${name.toUpperCase()}`] ?? otherwise;
const has = (scope, level) =>
  ['read', 'write'].slice(level === 'write' ? 1 : 0).includes(config.tokens[`credential-token-${job.replace('/', '-')}`][scope]);

function refuse(unless, why) {
  if (unless) return;
  console.log(`::error::${why}`);
  process.exit(1);
}

/** The files that match the patterns, with their paths below the least folder that contains all matches. */
function matches(patterns) {
  const roots = patterns
    .split('\n')
    .map(line => line.trim())
    .filter(line => line)
    .flatMap(pattern => fs.globSync(pattern))
    .map(found => path.resolve(found));
  const within = found =>
    fs.statSync(found).isDirectory() ? fs.globSync(`${found}/**/*`).filter(file => fs.statSync(file).isFile()) : [found];
  const files = [...new Set(roots.flatMap(within))].filter(
    file =>
      !path
        .relative('.', file)
        .split('/')
        .some(part => part.startsWith('.') && part !== '..'),
  );
  if (roots.length === 1 && fs.statSync(roots[0]).isDirectory()) return files.map(file => [file, path.relative(roots[0], file)]);
  const parts = files.map(file => path.dirname(file).split('/'));
  const shared =
    parts.length > 0
      ? parts[0].filter((part, index) =>
          parts.every(other => other.slice(0, index + 1).join('/') === parts[0].slice(0, index + 1).join('/')),
        )
      : [];
  return files.map(file => [file, path.relative(shared.join('/') || '/', file)]);
}

const copy = (from, to) => {
  fs.mkdirSync(path.dirname(to), { recursive: true });
  fs.writeFileSync(to, fs.readFileSync(from), { mode: 0o644 });
};

async function script() {
  const load = createRequire(path.join(config.packages, 'package.json'));
  const core = load('@actions/core');
  const { context, getOctokit } = load('@actions/github');
  const { defaults } = load('@actions/github/lib/utils');
  const { requestLog } = load('@octokit/plugin-request-log');
  const { retry } = load('@octokit/plugin-retry');
  const token = core.getInput('github-token', { required: true });
  const github = getOctokit(token, { retry: { enabled: false }, request: defaults.request }, retry, requestLog);
  const AsyncFunction = Object.getPrototypeOf(async () => null).constructor;
  const given = { require: createRequire(path.join(GITHUB_WORKSPACE, 'script.js')), github, octokit: github, context, core };
  try {
    const result = await new AsyncFunction(...Object.keys(given), core.getInput('script', { required: true }))(...Object.values(given));
    core.setOutput('result', JSON.stringify(result));
  } catch (error) {
    core.setFailed(`Unhandled error: ${error}`);
  }
  const summary = fs.readFileSync(GITHUB_STEP_SUMMARY);
  refuse(summary.length <= 1 << 20, 'the summary of a step has at most 1 MiB');
  fs.appendFileSync(path.join(ACT_RUN, 'summary.md'), summary);
}

const ACTIONS = {
  'actions/checkout'() {
    fs.mkdirSync('.git', { recursive: true });
    fs.writeFileSync(
      '.git/config',
      input('persist-credentials', 'true') === 'false' ? '' : `extraheader = AUTHORIZATION: basic ${input('token')}\n`,
    );
  },
  'actions/upload-artifact'() {
    const files = matches(input('path'));
    refuse(files.length > 0 || input('if-no-files-found') !== 'error', `no files were found with the path ${input('path')}`);
    const folder = path.join(ACT_RUN, 'artifacts', input('name', 'artifact'));
    refuse(!fs.existsSync(folder) || input('overwrite') === 'true', `an artifact with the name ${input('name')} exists already`);
    files.forEach(([file, name]) => copy(file, path.join(folder, name)));
  },
  'actions/download-artifact'() {
    const other = input('run-id') && input('run-id') !== `${config.id}`;
    refuse(
      !other || (config.earlier?.id === Number(input('run-id')) && has('actions', 'read')),
      `cannot read the artifacts of the run ${input('run-id')}`,
    );
    const all = path.join(other ? config.earlier.dir : ACT_RUN, 'artifacts');
    const wanted = name => (input('name') ? name === input('name') : path.matchesGlob(name, input('pattern', '*')));
    const names = fs.readdirSync(all).filter(wanted);
    refuse(names.length > 0 || !input('name'), `Unable to download artifact(s): Artifact not found for name: ${input('name')}`);
    for (const name of names) {
      const to = path.join(input('path', '.'), input('name') || input('merge-multiple') === 'true' ? '' : name);
      fs.globSync(`${path.join(all, name)}/**/*`)
        .filter(file => fs.statSync(file).isFile())
        .forEach(file => {
          copy(file, path.join(to, path.relative(path.join(all, name), file)));
          if (config.tamper && name.startsWith(config.tamper))
            fs.appendFileSync(path.join(to, path.relative(path.join(all, name), file)), '# changed\n');
        });
    }
  },
  'Swatinem/rust-cache'() {},
  'aws-actions/configure-aws-credentials'() {
    refuse(process.env.ACTIONS_ID_TOKEN_REQUEST_TOKEN, 'Credentials could not be loaded: the job needs `id-token: write`');
    const [, account] = input('role-to-assume').match(/^arn:aws:iam::(\d{12}):role\/./) ?? [];
    refuse(account && input('aws-region'), `${input('role-to-assume')} is not a role`);
    refuse(input('allowed-account-ids', account).split(',').includes(account), 'the account is not allowed');
    const names = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'];
    fs.appendFileSync(
      GITHUB_ENV,
      `AWS_REGION=${input('aws-region')}\n${names.map(name => `${name}=credential-session-${name}\n`).join('')}`,
    );
  },
  'actions/attest'() {
    refuse(has('id-token', 'write') && has('attestations', 'write'), 'an attestation needs `id-token: write` and `attestations: write`');
    refuse(!input('sbom-path') || fs.existsSync(input('sbom-path')), `${input('sbom-path')} does not exist`);
    const sums = input('subject-checksums') && fs.readFileSync(input('subject-checksums'), 'utf8').split('\n');
    const files = input('subject-path') ? matches(input('subject-path')) : [];
    const digests = sums
      ? sums.filter(line => line).map(line => line.split(' ')[0])
      : files.map(([file]) => createHash('sha256').update(fs.readFileSync(file)).digest('hex'));
    refuse(digests.length > 0, `Could not find subject at path ${input('subject-path')}`);
    fs.appendFileSync(path.join(ACT_RUN, 'attested'), digests.map(digest => `${digest}\n`).join(''));
  },
  'actions/github-script': script,
};

refuse(ACTIONS[GITHUB_ACTION_REPOSITORY], `there is no stand-in for ${GITHUB_ACTION_REPOSITORY}`);
refuse(!record(GITHUB_ACTION_REPOSITORY, [input('name')]), 'it is to fail');
ACTIONS[GITHUB_ACTION_REPOSITORY]();
