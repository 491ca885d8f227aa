// The events that start the workflows, and what happens then. Each workflow runs once for the same scenario.
const { basename } = require('node:path');
const { run } = require('./run.cjs');

const VARS = { AWS_ACCOUNT_ID_DEV: '111111111111', AWS_ACCOUNT_ID_PROD: '222222222222' };
const ACCOUNT = { vars: VARS, secrets: { AWS_ACCESS_KEY_ID: 'credential-key-id', AWS_SECRET_ACCESS_KEY: 'credential-key' } };
/** GitHub gives a run for a fork or Dependabot no secrets, and a token that can only read. */
const pull = (head, login) => ({
  payload: { pull_request: { number: 7, user: { login }, head: { ref: 'topic', repo: { full_name: head } }, base: { ref: 'main' } } },
});
const UNTRUSTED = {
  'the pull request of a fork': pull('eve/dpworld', 'eve'),
  'the pull request of Dependabot': pull('acme/dpworld', 'dependabot[bot]'),
};

const EVENTS = {
  'a push': ['push', ACCOUNT],
  'the first push': ['push', {}],
  'our own pull request': ['pull_request', { ...ACCOUNT, ...pull('acme/dpworld', 'ann') }],
  'our own pull request without an account': ['pull_request', pull('acme/dpworld', 'ann')],
  ...Object.fromEntries(
    Object.entries(UNTRUSTED).map(([name, payload]) => [name, ['pull_request', { vars: VARS, readOnly: true, ...payload }]]),
  ),
  'the merge queue': ['merge_group', ACCOUNT],
  'the schedule': ['schedule', ACCOUNT],
  'the schedule without an account': ['schedule', {}],
  'the schedule with one of two accounts': ['schedule', { ...ACCOUNT, vars: { AWS_ACCOUNT_ID_DEV: VARS.AWS_ACCOUNT_ID_DEV } }],
  'a release': ['push', { ...ACCOUNT, tag: 'v1.2.0' }],
  'a release of a private repository': ['push', { ...ACCOUNT, tag: 'v1.2.0', private: true }],
  'a dispatch without inputs': ['workflow_dispatch', ACCOUNT],
  'a dispatch of dev': ['workflow_dispatch', { ...ACCOUNT, inputs: { environment: 'dev' } }],
  'a dispatch of prod': ['workflow_dispatch', { ...ACCOUNT, inputs: { environment: 'prod' } }],
};
const DEPLOYS = ['a push', 'a dispatch of dev', 'a dispatch of prod'];
/** Programs that run code of dependencies: build scripts, macros, install scripts. Not rustup, whose toolchain runs nothing of theirs. */
const builds = ({ program, args }) =>
  ['cargo', 'docker', 'npm', 'npx', 'pip', 'pip3', 'uv'].includes(program) || (args.includes('build-images') && !args.includes('--from'));

const jobs = (all, name) => Object.entries(all[name].jobs).map(([id, job]) => ({ id: `${name}/${id}`, needs: [], ...job }));
const everyJob = all => Object.keys(all).flatMap(name => jobs(all, name));
const runsAlways = job => /always\(\)|cancelled\(\)|failure\(\)/.test(`${job.if}`) && !`${job.if}`.includes('!failure()');
/** A job that opens an issue. */
const notifies = job => job.steps?.some(({ with: { script = '' } = {} }) => script.includes('issues.create('));
/** Only jobs with a GitHub environment get access to AWS. */
const privileged = (all, id) => everyJob(all).some(job => job.id === id && job.environment);
const unique = list => [...new Set(list)];

function handles(all, name, event, { inputs = {}, tag }) {
  if (!(event in all[name].on)) return false;
  const { branches, tags, inputs: known = {} } = all[name].on[event] ?? {};
  const ignored = event === 'push' && (tag ? branches && !tags : tags && !branches);
  return !ignored && `${Object.keys(inputs)}` === `${Object.keys(known).filter(input => known[input].required)}`;
}

const done = new Map();
/** Runs a workflow for an event, each workflow once for the same scenario; production is deployed after a push that was. */
async function start(all, workflow, name, more = {}) {
  const called = jobs(all, workflow).map(({ uses }) => uses && all[basename(uses, '.yml')]);
  const key = JSON.stringify([workflow, name, more, all[workflow], called]);
  if (!done.has(key)) {
    done.set(
      key,
      (async () => {
        const [event, scenario] = EVENTS[name];
        const earlier = scenario.inputs?.environment === 'prod' ? await start(all, workflow, 'a push') : undefined;
        return { event: name, earlier, ...(await run(all, workflow, event, { earlier, ...scenario, ...more })) };
      })(),
    );
  }
  return done.get(key);
}
/** Runs every workflow that handles the event. */
const happens = (all, name, more) => {
  const handlers = Object.keys(all).filter(workflow => handles(all, workflow, EVENTS[name][0], EVENTS[name][1]));
  return Promise.all(handlers.map(workflow => start(all, workflow, name, more)));
};
/** Runs what happened once more, with a fault. */
const again = ({ name, event }, all, more) => start(all, name, event, more);
const happen = async (all, events, more) => (await Promise.all(events.map(name => happens(all, name, more)))).flat();

/** The jobs after a job, which need it directly or not; what follows a job that runs always is left out. */
function followers(all, workflow, id, found = []) {
  for (const job of jobs(all, workflow).filter(job => [job.needs].flat().includes(id.split('/')[1]) && !found.includes(job))) {
    found.push(job);
    if (!runsAlways(job)) followers(all, workflow, job.id, found);
  }
  return found;
}

/** The jobs of a run that called another workflow. */
const calls = (all, { name, jobs: ran }) =>
  jobs(all, name).filter(({ uses }) => uses && Object.keys(ran).some(job => job.startsWith(`${basename(uses, '.yml')}/`)));

const excerpt = ({ output }) =>
  output
    .split('\n')
    .filter(line => /"level":"error"|::error|^Error|raw_output/.test(line))
    .slice(-4)
    .join('\n')
    .slice(0, 800);
/** A copy of the workflows in which a text is replaced. */
const replaced = (from, to) => all => JSON.parse(JSON.stringify(all).replaceAll(from, to));
/** A copy in which jobs are changed. */
const changed = change => all => {
  const copy = structuredClone(all);
  everyJob(copy).forEach(({ id }) => change(copy[id.split('/')[0]].jobs[id.split('/')[1]], id, copy));
  return copy;
};

module.exports = {
  DEPLOYS,
  EVENTS,
  UNTRUSTED,
  again,
  builds,
  calls,
  changed,
  everyJob,
  excerpt,
  followers,
  handles,
  happen,
  happens,
  notifies,
  privileged,
  replaced,
  runsAlways,
  unique,
};
