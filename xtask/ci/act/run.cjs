// Runs a workflow with act, on this machine instead of GitHub's runners, and returns what happened in it.
//
// act evaluates the conditions, the order of jobs, matrices, called workflows and outputs. Not checked: what GitHub itself decides
// (environments and their reviewers, rulesets, queues, the artifacts' retention) and the programs, which are replaced by stand-ins
// (`program.cjs`, `action.cjs`, `api.cjs`).
const { execFileSync, spawn } = require('node:child_process');
const fs = require('node:fs');
const { createRequire } = require('node:module');
const { availableParallelism, homedir } = require('node:os');
const { basename, dirname, join } = require('node:path');
const { adapted } = require('./adapted.cjs');
const { serve } = require('./api.cjs');

const root = join(__dirname, '../../..');
const packages = join(root, 'target/node/workflows');
const YAML = createRequire(join(packages, 'package.json'))('yaml');
const folder = join(root, 'target/test/act');
const REPOSITORY = 'acme/dpworld';
/** The rules of the environments at GitHub: a reviewer must approve production. */
const ENVIRONMENTS = { dev: [], prod: [{ type: 'required_reviewers', prevent_self_review: true, reviewers: [{ type: 'Team' }] }] };
/** The programs that workflows start, except the usual ones of Linux. */
const PROGRAMS = ['aws', 'cargo', 'curl', 'docker', 'gh', 'npm', 'npx', 'pip', 'pip3', 'rustup', 'sudo', 'uv', 'wget'];

/** The workflows in a folder by name; those that are committed, without one. */
function workflows(dir = join(root, '.github/workflows')) {
  return Object.fromEntries(
    fs.readdirSync(dir).map(file => [basename(file, '.yml'), YAML.parse(fs.readFileSync(join(dir, file), 'utf8'))]),
  );
}

const lines = path =>
  fs.existsSync(path)
    ? fs
        .readFileSync(path, 'utf8')
        .split('\n')
        .filter(line => line)
    : [];

/** The folders of the stand-in for each action. */
function actions(dir, all) {
  const steps = Object.values(all)
    .flatMap(({ jobs }) => Object.values(jobs))
    .flatMap(job => job.steps ?? []);
  const names = [...new Set(steps.map(step => step.uses).filter(uses => uses && !uses.startsWith('./')))];
  return names.map(name => {
    const path = join(dir, 'actions', name.split('@')[0]);
    fs.mkdirSync(path, { recursive: true });
    fs.writeFileSync(join(path, 'action.yml'), YAML.stringify({ name, runs: { using: 'node24', main: 'action.cjs' } }));
    fs.writeFileSync(join(path, 'action.cjs'), `require(${JSON.stringify(join(__dirname, 'action.cjs'))})`);
    return `${name}=${path}`;
  });
}

/** act's log. */
const entries = output =>
  output
    .split('\n')
    .filter(line => line.startsWith('{') && line.endsWith('}'))
    .map(line => JSON.parse(line));
/** The name of the workflow and the identifier of the job. */
const key = entry => `${entry.job.trim().split('/').at(-2)}/${entry.jobID}`;

/** The jobs that have ended, as GitHub's API lists them. */
function ended(all, name, output) {
  const log = entries(output);
  const title = job => {
    const [workflow, id] = job.split('/');
    const caller = Object.entries(all[name].jobs).find(([, { uses = '' }]) => basename(uses, '.yml') === workflow);
    const own = all[workflow].jobs[id].name ?? id;
    return workflow === name ? own : `${caller[1].name ?? caller[0]} / ${own}`;
  };
  return log
    .filter(entry => entry.jobResult)
    .map(entry => {
      const steps = log.filter(other => other.stepResult && other.stage === 'Main' && key(other) === key(entry));
      return {
        name: title(key(entry)),
        conclusion: entry.jobResult,
        steps: steps.map(({ step, stepResult }) => ({ name: step, conclusion: stepResult })),
      };
    });
}

const stored = dir => fs.readdirSync(join(dir, 'artifacts')).map((name, id) => ({ id, name, expired: false }));

/** At most one run for each processor at a time. */
const slots = { free: availableParallelism(), waiting: [] };
async function inSlot(work) {
  if (slots.free === 0) await new Promise(resolve => slots.waiting.push(resolve));
  else slots.free -= 1;
  try {
    return await work();
  } finally {
    const next = slots.waiting.shift();
    if (next) next();
    else slots.free += 1;
  }
}

let count = 0;
/** This machine's Rust, for the malicious crate. */
const machine = {
  PATH: process.env.PATH,
  rust: {
    CARGO_HOME: process.env.CARGO_HOME ?? join(homedir(), '.cargo'),
    RUSTUP_HOME: process.env.RUSTUP_HOME ?? join(homedir(), '.rustup'),
    RUSTUP_TOOLCHAIN: process.env.RUSTUP_TOOLCHAIN,
  },
};

/**
 * Runs the workflow for an event.
 *
 * `vars` and `secrets` are those of the repository; a fork's run gets no secrets. `fail` is a step, as `{ job, step }`, whose
 * programs fail, or with `instead` that is replaced by a failing one. `tamper` is the start of the name of an artifact that is changed
 * before its download. With `malicious`, cargo compiles the crate with a malicious build script. With `unsigned`, nothing has a
 * signature; with `changed`, AWS has changed after the plan. `tag` is pushed instead of the branch. `plan` is what `xtask diff` prints.
 * `earlier` is an earlier run of the same commit. `api` is what GitHub knows, and `private` whether only members see the repository.
 */
const run = (all, name, event, scenario = {}) =>
  inSlot(async () => {
    const { payload = {}, branch = 'main', tag, vars = {}, secrets = {}, readOnly = false, inputs = {}, api = {} } = scenario;
    const { fail, earlier } = scenario;
    const id = scenario.id ?? 1000 + (count += 1);
    const dir = fs.mkdtempSync(join(folder, `${name}-`));
    const path = file => join(dir, file);
    const { copies, tokens, refused } = adapted(all, all[name], { dir, fail, readOnly });
    // GitHub starts no run then.
    if (refused.length > 0)
      return {
        name,
        id,
        dir,
        code: 1,
        output: `::error::${refused.join('\n')}`,
        jobs: {},
        order: [],
        steps: [],
        records: [],
        api: { issues: [], comments: [], calls: [], stolen: [] },
        summary: '',
        artifacts: dir,
      };
    for (const sub of ['repository/.github/workflows', 'bin', 'artifacts', 'cache']) fs.mkdirSync(path(sub), { recursive: true });
    for (const [file, workflow] of Object.entries(copies)) {
      fs.writeFileSync(path(`repository/.github/workflows/${file}.yml`), YAML.stringify(workflow, { lineWidth: 0 }));
    }
    const git = (...args) => execFileSync('git', ['-C', path('repository'), '-c', 'user.name=a', '-c', 'user.email=a@b', ...args]);
    git('init', '--quiet', `--initial-branch=${branch}`);
    git('remote', 'add', 'origin', `https://github.com/${REPOSITORY}.git`);
    git('add', '--all');
    git('commit', '--quiet', '--message', 'the workflows');
    if (tag) git('tag', tag);
    const sha = `${git('rev-parse', 'HEAD')}`.trim();
    let output = '';
    const own = { id, path: `${name}.yml`, head_sha: sha, jobs: () => ended(all, name, output), artifacts: () => stored(dir) };
    const before = earlier && {
      id: earlier.id,
      path: `${earlier.name}.yml`,
      head_sha: sha,
      jobs: () => ended(all, earlier.name, earlier.output),
      artifacts: () => stored(earlier.dir),
    };
    const server = await serve({
      repository: REPOSITORY,
      tokens,
      main: sha,
      environments: ENVIRONMENTS,
      runs: [own, before].filter(run => run),
      ...api,
    });
    fs.writeFileSync(path('summary.md'), '');
    const names = { full_name: REPOSITORY, default_branch: 'main', owner: { login: 'acme' }, name: 'dpworld' };
    const repository = { ...names, private: scenario.private ?? false };
    const ref = tag ? `refs/tags/${tag}` : `refs/heads/${branch}`;
    fs.writeFileSync(path('event.json'), JSON.stringify({ ref, repository, inputs, ...payload }));
    if (fail?.step !== undefined) fail.id = all[fail.job.split('/')[0]].jobs[fail.job.split('/')[1]].steps[fail.step].id;
    fs.writeFileSync(
      path('config.json'),
      JSON.stringify({ packages, tokens, id, machine, ...scenario, fail, earlier: earlier && { id: earlier.id, dir: earlier.dir } }),
    );
    for (const program of PROGRAMS) {
      fs.writeFileSync(path(`bin/${program}`), `#!/bin/sh\nexec node ${join(__dirname, 'program.cjs')} ${program} "$@"\n`, { mode: 0o755 });
    }
    const pairs = values =>
      Object.entries(values)
        .map(([key, value]) => `${key}=${value}\n`)
        .join('');
    fs.writeFileSync(path('vars'), pairs(vars));
    fs.writeFileSync(path('secrets'), pairs(secrets));
    const list = (option, values) => values.flatMap(value => [option, value]);
    const args = [
      event,
      '--json',
      '--action-offline-mode',
      '--no-cache-server',
      '--no-skip-checkout',
      '--platform',
      'ubuntu-24.04=-self-hosted',
      '--directory',
      path('repository'),
      '--workflows',
      path(`repository/.github/workflows/${name}.yml`),
      '--eventpath',
      path('event.json'),
      '--var-file',
      path('vars'),
      '--secret-file',
      path('secrets'),
      '--action-cache-path',
      path('cache'),
      '--env-file',
      '/dev/null',
      '--input-file',
      '/dev/null',
      ...list('--env', [`GITHUB_API_URL=${server.url}`, `GITHUB_RUN_ID=${id}`]),
      ...list(
        '--input',
        Object.entries(inputs).map(pair => pair.join('=')),
      ),
      ...list('--local-repository', actions(dir, copies)),
    ];
    // The `node` that PyPI's package installs is a program in Python, which starts this one.
    const env = { PATH: [path('bin'), dirname(process.execPath), process.env.PATH].join(':'), HOME: dir, ACT_RUN: dir };
    const code = await new Promise((resolve, reject) => {
      const act = spawn(join(dirname(process.env.PYTHON), 'act'), args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
      for (const stream of [act.stdout, act.stderr])
        stream.on('data', data => {
          output += data;
        });
      act.on('error', reject).on('close', resolve);
    }).finally(server.close);
    const log = entries(output);
    const jobs = {};
    const order = log.filter(entry => entry.jobID).map(entry => ({ job: key(entry), ended: Boolean(entry.jobResult) }));
    for (const entry of log.filter(entry => entry.jobResult)) {
      if (jobs[key(entry)] !== 'failure') jobs[key(entry)] = entry.jobResult;
    }
    const steps = log
      .filter(entry => entry.stepResult && entry.stepID)
      .map(entry => {
        const index = all[key(entry).split('/')[0]].jobs[entry.jobID].steps?.findIndex((step, index) =>
          [step.id, `${index}`].includes(entry.stepID[0]),
        );
        return { job: key(entry), step: index, result: entry.stepResult };
      });
    const records = lines(path('records')).map(line => JSON.parse(line));
    const result = {
      name,
      id,
      dir,
      code,
      output,
      jobs,
      order,
      steps,
      records,
      api: server.state,
      summary: fs.readFileSync(path('summary.md'), 'utf8'),
    };
    result.artifacts = join(dir, 'artifacts');
    return result;
  });

/** Removes the files of the runs. */
const clean = () => fs.rmSync(folder, { recursive: true, force: true });

/** Starts with only the malicious crate, which cargo compiles there. */
function prepare() {
  clean();
  fs.cpSync(join(__dirname, 'malicious'), join(folder, 'malicious'), { recursive: true });
}

module.exports = { clean, prepare, run, workflows };
