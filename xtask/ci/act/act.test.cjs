// Runs every workflow with act on every event that it handles, and once with each fault, and checks what must hold for any workflow of
// this project. Each property names the changes of the workflows that it must find; these are tested as well.
const assert = require('node:assert');
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const { basename } = require('node:path');
const { after, before, describe, test } = require('node:test');
const { plan, rendered } = require('../plans.cjs');
const { clean, prepare, run, workflows } = require('./run.cjs');

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

/** Every kind of step once, the last one of every job, and every called workflow. */
async function cases(all, events) {
  const found = new Map();
  for (const healthy of await happen(all, events)) {
    for (const { job, step } of healthy.steps) {
      const [workflow, id] = job.split('/');
      const { steps } = all[workflow].jobs[id];
      const { id: output, if: condition, 'continue-on-error': goesOn, uses, run = '' } = steps[step];
      const kind = [output, condition, goesOn, uses ?? run.split(' ').slice(0, 2)];
      const text = JSON.stringify([step === steps.length - 1 ? job : '', ...kind]);
      if (!found.has(text)) found.set(text, { job, step, healthy });
    }
    for (const { id } of calls(all, healthy)) if (!found.has(id)) found.set(id, { job: id, healthy });
  }
  return [...found.values()];
}

async function stops(all, { job, step, healthy }) {
  const found = [];
  const [workflow, id] = job.split('/');
  const known = [all[workflow].jobs[id].steps?.[step]?.id, `${step}`];
  // A step that starts none of the programs is replaced by one that fails, and a called workflow by a job that fails.
  const instead = !healthy.records.some(record => record.job === job && known.includes(record.step));
  const result = await again(healthy, all, { fail: { job, step, instead } });
  if (result.jobs[job] !== 'failure' || result.code === 0) found.push('the job does not fail');
  for (const other of followers(all, workflow, job)) {
    if (!runsAlways(other) && result.jobs[other.id]) found.push(`${other.id} runs`);
    if (runsAlways(other) && healthy.jobs[other.id] && !result.jobs[other.id]) found.push(`${other.id} does not run`);
    const { name, steps } = all[workflow].jobs[id];
    const named = result.api.issues.some(
      ({ body }) => body.includes(`\`${name ?? id}\``) && (!steps || body.includes(`\`${steps[step].name ?? id}\``)),
    );
    if (notifies(other) && !named) found.push('no issue names the job and the step');
    if (other.id.endsWith('/required') && result.jobs[other.id] !== 'failure') found.push('the required check does not fail');
  }
  return found.map(problem => `${healthy.event}, ${step === undefined ? job : `step ${step} of ${job}`} fails: ${problem}`);
}

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

/**
 * The properties: `check` returns the violations for these events, or at least one of them if `first` is true; `faults` are changes of the
 * workflows that violate it, each with the events that show it. Some are `of` workflows
 * with other settings.
 */
const PROPERTIES = {
  'without a fault, every run succeeds, GitHub refuses no call, and no issue is opened': {
    async check(all, events) {
      const found = [];
      for (const result of await happen(all, events)) {
        const at = `${result.event}: ${result.name}`;
        if (result.code !== 0) found.push(`${at}: ${excerpt(result)}`);
        found.push(
          ...result.api.calls
            .filter(({ status }) => status >= 400)
            .map(({ method, path, status }) => `${at}: ${method} ${path}: ${status}`),
        );
        found.push(...result.api.issues.map(({ title }) => `${at}: the issue \`${title}\``));
      }
      return found;
    },
    faults: {
      'the first push deploys without an account': [['the first push'], replaced(/vars\.AWS_ACCOUNT_ID_\w+ != ''/g, 'true')],
      'the comment may not be written': [['our own pull request'], replaced('"pull-requests":"write"', '"pull-requests":"read"')],
    },
  },
  'every job runs for some event': {
    async check(all, events) {
      const ran = new Set((await happen(all, events)).flatMap(result => Object.keys(result.jobs)));
      return everyJob(all)
        .filter(job => !job.uses && !ran.has(job.id))
        .map(job => job.id);
    },
    faults: {
      'a condition never holds': [Object.keys(EVENTS), replaced("inputs.environment == 'prod'", "inputs.environment == 'production'")],
    },
  },
  'a fork and Dependabot get no environment and no credential': {
    events: Object.keys(UNTRUSTED),
    async check(all, events) {
      const results = await happen(all, events);
      const ran = results.flatMap(result => Object.keys(result.jobs).map(job => ({ event: result.event, job })));
      const seen = results.flatMap(result =>
        result.records.flatMap(({ job, credentials }) => credentials.map(name => `${result.event}: ${job} reads ${name}`)),
      );
      return [...ran.filter(({ job }) => privileged(all, job)).map(({ event, job }) => `${event}: ${job} runs`), ...seen];
    },
    faults: {
      'every pull request is planned': [
        Object.keys(UNTRUSTED),
        changed(job => {
          if (job.environment) delete job.if;
        }),
      ],
      'a checkout keeps the token': [
        Object.keys(UNTRUSTED).slice(0, 1),
        replaced('"persist-credentials":"false"', '"persist-credentials":"true"'),
      ],
    },
  },
  'the malicious build script of a dependency finds no credential in its job': {
    async check(all, events) {
      const found = [];
      for (const { event, records, api } of await happen(all, events, { malicious: true })) {
        found.push(...api.stolen.flatMap(({ job, found }) => found.map(name => `${event}: the build script sends ${name} of ${job}`)));
        for (const { job, program, args } of records.filter(builds)) {
          // The real cargo has run the script there.
          if (program === 'cargo' && !api.stolen.some(report => report.job === job)) found.push(`${event}: ${job}: the script did not run`);
          // It can also read what later steps of its job get: they run as the same user.
          const exposed = unique(records.filter(record => record.job === job).flatMap(({ credentials }) => credentials));
          if (exposed.length > 0) found.push(`${event}: ${job}: ${program} ${args.join(' ')}: ${exposed}`);
        }
      }
      return found;
    },
    faults: {
      'a job with access compiles': [
        ['a push'],
        changed(job => {
          if (job.environment) job.steps.unshift({ run: 'cargo build --locked' });
        }),
      ],
      'every job gets an identity token': [
        ['a push'],
        changed(job => {
          job.permissions = { ...job.permissions, 'id-token': 'write' };
        }),
      ],
    },
  },
  'only a job with an environment gets credentials of AWS': {
    async check(all, events) {
      const results = await happen(all, events);
      const records = results
        .flatMap(({ event, records }) => records.map(record => ({ event, ...record })))
        .filter(({ job }) => !privileged(all, job));
      const of = credential => /AWS|key|session/.test(credential);
      return unique(records.flatMap(({ event, job, credentials }) => credentials.filter(of).map(name => `${event}: ${job} reads ${name}`)));
    },
    faults: {
      'a job has no environment': [
        ['a push'],
        changed(job => {
          delete job.environment;
        }),
      ],
    },
  },
  'a deployment starts after the tests of its commit, and not if they fail': {
    events: ['a push', 'a dispatch of prod'],
    async check(all, events) {
      const found = [];
      for (const result of await happen(all, events)) {
        const access = result.order.findIndex(({ job }) => privileged(all, job));
        if (access < 0) continue;
        const { records, order, jobs: results } = result.earlier ?? result;
        const tests = unique(records.filter(({ args }) => args.includes('test')).map(({ job }) => job)).filter(
          job => results[job] === 'success',
        );
        const ended = order
          .slice(0, result.earlier ? order.length : access)
          .filter(({ ended }) => ended)
          .map(({ job }) => job);
        const missing = tests.length > 0 ? tests.filter(job => !ended.includes(job)) : ['any test'];
        found.push(...missing.map(job => `${result.event}: ${result.order[access].job} starts before ${job} has ended`));
        for (const { id } of calls(all, result)) {
          const failed = await again(result, all, { fail: { job: id } });
          found.push(
            ...Object.keys(failed.jobs)
              .filter(job => privileged(all, job))
              .map(job => `${result.event}: ${job} runs although ${id} failed`),
          );
          if (!failed.api.issues.some(({ body }) => body.includes(id.split('/')[1]))) found.push(`${result.event}: no issue names ${id}`);
        }
      }
      return found;
    },
    faults: {
      'deployments do not wait': [
        ['a push'],
        changed((job, id, all) => {
          const { jobs } = all[id.split('/')[0]];
          if (job.environment && job.needs) job.needs = [job.needs].flat().filter(need => jobs[need].environment);
        }),
      ],
      'deployments do not need a success': [
        ['a push'],
        changed(job => {
          if (job.environment) job.if = 'always()';
        }),
      ],
    },
  },
  'one required check reports on every change, and waits in the merge queue': {
    events: ['our own pull request', ...Object.keys(UNTRUSTED), 'the merge queue'],
    async check(all, events) {
      const reports = async event =>
        (await happens(all, event)).some(result =>
          Object.entries(result.jobs).some(([job, end]) => job.endsWith('/required') && end === 'success'),
        );
      const results = await Promise.all(events.map(async event => [event, await reports(event)]));
      return results.filter(([, reported]) => !reported).map(([event]) => event);
    },
    faults: {
      'the merge queue starts nothing': [
        ['the merge queue'],
        changed((job, id, all) => {
          delete all[id.split('/')[0]].on.merge_group;
        }),
      ],
    },
  },
  'a run reaches only the environments of its deployment, all of them, and only on main': {
    events: ['our own pull request', ...DEPLOYS],
    async check(all, events) {
      const found = [];
      for (const event of events) {
        const first = all.deploy.on.workflow_dispatch.inputs.environment.options[0];
        const own = EVENTS[event][1].inputs?.environment ?? first;
        const inOwn = job => job.environment === own || `${job.environment}`.startsWith(`${own}-`);
        const expected =
          event === 'our own pull request'
            ? job => job.environment === `${own}-plan` && job.id.startsWith('ci/')
            : job => inOwn(job) && job.id.startsWith('deploy/');
        const ran = (await happens(all, event)).flatMap(result => Object.keys(result.jobs));
        for (const job of everyJob(all).filter(job => job.environment && ran.includes(job.id) !== expected(job))) {
          found.push(`${event}: ${job.id} ${expected(job) ? 'does not run' : 'runs'}`);
        }
        if (EVENTS[event][0] !== 'workflow_dispatch') continue;
        const elsewhere = (await happens(all, event, { branch: 'topic' })).flatMap(result => Object.keys(result.jobs));
        found.push(...elsewhere.filter(job => privileged(all, job)).map(job => `${event} on another branch: ${job} runs`));
      }
      return found;
    },
    faults: {
      'any branch can be deployed': [['a dispatch of prod'], replaced("github.ref == 'refs/heads/main'", 'true')],
      'a pull request is planned for production': [
        ['our own pull request'],
        replaced('"environment":"dev-plan"', '"environment":"prod-plan"'),
      ],
    },
  },
  'before the approval only what is missing is created, and after it only the plan that was shown is deployed': {
    events: DEPLOYS,
    async check(all, events) {
      const found = [];
      for (const { event, records } of await happen(all, events)) {
        for (const { job, args } of records.filter(({ args }) => args.includes('deploy'))) {
          const approved =
            privileged(all, job) &&
            !/-/.test(everyJob(all).find(({ id }) => id === job).environment) &&
            args.join(' ').includes('--expect d1');
          if (!approved && !args.includes('--create-only')) found.push(`${event}: ${job}: ${args.join(' ')}`);
        }
      }
      return found;
    },
    faults: {
      'storage is changed before the approval': [['a push'], replaced(' --create-only', '')],
      'any plan is deployed': [['a push'], replaced(' --expect \\"$DIGEST\\"', '')],
    },
  },
  'every plan is shown unaltered, with its replacement on the first screen': {
    events: ['a push', 'a dispatch of prod', 'our own pull request'],
    async check(all, events) {
      const text = plan(500).replace('plan d1\n', 'plan d1');
      const found = [];
      for (const result of await happen(all, events, { plan: text })) {
        if (!result.records.some(({ args }) => args.includes('diff'))) continue;
        const shown = [result.summary, ...result.api.comments.map(({ body }) => body)].filter(page => page).map(page => rendered(page));
        if (!shown.some(({ blocks: [block] }) => block === `${text}\n`))
          found.push(`${result.event}: the plan of ${result.name} is not shown as it is`);
        const top = ({ blocks: [block = ''], rest }) => [...rest.split('\n'), ...block.split('\n')].slice(0, 40);
        if (!shown.every(page => top(page).some(line => line.includes('is replaced'))))
          found.push(`${result.event}: the replacement is not on the first screen`);
      }
      return found;
    },
    faults: {
      'the summary is not a code block': [['a push'], replaced('block(plan, 1000000)', 'plan')],
      'the summary is HTML': [['a push'], replaced('${block(plan, 1000000)}', '<pre><code>${plan}</code></pre>')],
      'the comment has a fixed fence': [['our own pull request'], replaced("'`'.repeat(longest + 1)", "'`'.repeat(3)")],
    },
  },
  'a job with access does not run a program that was changed after it was built': {
    events: ['a push', 'a dispatch of prod'],
    async check(all, events) {
      const found = [];
      for (const name of events) {
        const [healthy] = (await happens(all, name)).filter(result => result.records.some(({ job }) => privileged(all, job)));
        if (!healthy) continue;
        const downloads = healthy.records.filter(({ job, program }) => privileged(all, job) && program === 'actions/download-artifact');
        // Their names may contain the digest, which differs from run to run.
        const built = unique(downloads.map(({ args: [artifact] }) => artifact.replace(/-[0-9a-f]{64}$/, '')));
        if (built.length === 0) found.push(`${name}: no job with access downloads what was built`);
        for (const tamper of built) {
          const result = await again(healthy, all, { tamper });
          if (result.code === 0) found.push(`${name}: a changed artifact \`${tamper}\` is not noticed`);
          const started = result.records
            .filter(({ job, program }) => privileged(all, job) && program === 'xtask')
            .map(({ job, args }) => `${job}: ${args[0]}`);
          found.push(...started.map(start => `${name}: ${start} is started from the changed artifact \`${tamper}\``));
        }
      }
      return found;
    },
    faults: { 'nothing is verified': [['a push'], replaced(/gh attestation verify|sha256sum --check/g, 'true')] },
  },
  'production gets what was built, tested and deployed to the first environment': {
    events: ['a push', 'a dispatch of prod'],
    async check(all, events) {
      const found = [];
      for (const { event, id, earlier, records } of await happen(all, events)) {
        const started = records.filter(({ job, program }) => program === 'xtask' && privileged(all, job));
        if (started.length === 0) found.push(`${event}: no job with access runs the program`);
        found.push(
          ...started
            .filter(({ built }) => Number(built) !== (earlier ?? { id }).id)
            .map(({ job, built }) => `${event}: ${job} runs what the run ${built} built`),
        );
      }
      return found;
    },
    faults: {
      'production is built again': [
        ['a dispatch of prod'],
        replaced('"run-id":"${{ needs.prod-promoted.outputs.run }}"', '"run-id":"${{ github.run_id }}"'),
      ],
    },
  },
  'a deployment stops with the reason: without reviewers or signature, of a changed artifact, main or account': {
    of: 'signed',
    events: ['a push', 'a dispatch of prod'],
    async check(all, events) {
      const reviewed = [{ type: 'required_reviewers', reviewers: [{ type: 'Team' }], prevent_self_review: true }];
      const always = {
        'no signature': [{ unsigned: true }, /no attestations found/],
        'changed resources': [{ changed: true }, /the plan has changed since it was approved/],
      };
      const REASONS = {
        'a push': { ...always, 'a changed artifact': [{ tamper: 'programs' }, /programs\.tar: FAILED/] },
        'a dispatch of prod': {
          ...always,
          'a changed artifact': [{ tamper: 'deployed' }, /programs\.tar: FAILED/],
          'no environment': [{ api: { environments: {} } }, /cannot read the rules of the environment `prod`: Not Found/],
          'no reviewers': [{ api: { environments: { prod: [{ type: 'branch_policy' }] } } }, /nobody must approve the deployments/],
          'another main': [{ api: { main: '0'.repeat(40), environments: { prod: reviewed } } }, /main has moved on/],
          'nothing deployed before': [{ earlier: null }, /no run of this workflow has the job `dev deploy` succeeded/],
        },
      };
      const found = [];
      for (const event of events) {
        for (const [reason, [more, words]] of Object.entries(REASONS[event])) {
          for (const result of (await happens(all, event, more)).filter(({ name }) => name === 'deploy')) {
            if (result.code === 0) found.push(`${event}, ${reason}: the run is green`);
            if (!words.test(result.output)) found.push(`${event}, ${reason}: the log does not say why`);
            const deploys = ({ args }) => args[0] === 'deploy' && args.includes('--expect');
            const late = result.records.some(record => record.args[0] === 'sync-dags' || (deploys(record) && !more.changed));
            if (late) found.push(`${event}, ${reason}: it is deployed`);
          }
        }
      }
      return found;
    },
    faults: {
      'a refusal is only a remark': [['a dispatch of prod'], replaced(/core\.setFailed\(|fails\(/g, 'core.info(')],
      'the signature is not verified': [['a push'], replaced(/gh attestation verify/g, 'true')],
      'the checksum is not verified': [['a push'], replaced(/sha256sum --check/g, 'true')],
      'any plan is deployed': [['a push'], replaced(' --expect \\"$DIGEST\\"', '')],
    },
  },
  'without reviewers, the digest of the plan is the approval': {
    of: 'byDigest',
    events: ['a dispatch of prod'],
    async check(all, events) {
      const found = [];
      for (const event of events) {
        const deploys = async (digest, code) => {
          const inputs = { ...EVENTS[event][1].inputs, ...(digest && { digest }) };
          const [result] = await happens(all, event, { inputs });
          if ((result.code === 0) !== (code === 0)) found.push(`${event}, ${digest}: ${excerpt(result)}`);
          return { ...result, deployed: result.records.some(({ args }) => args[0] === 'sync-dags') };
        };
        const first = await deploys(undefined, 0);
        if (first.deployed || !first.summary.includes('`d1`')) found.push(`${event}: it is deployed, or the digest is not shown`);
        if (!(await deploys('d1', 0)).deployed) found.push(`${event}: it is not deployed`);
        const other = await deploys('d0', 1);
        if (other.deployed || !/the plan has changed since it was approved/.test(other.output)) found.push(`${event}: another plan`);
      }
      return found;
    },
    faults: {
      'no digest is needed': [['a dispatch of prod'], replaced("inputs.digest != ''", 'true')],
      'any plan is deployed': [['a dispatch of prod'], replaced(' --expect \\"$DIGEST\\"', '')],
    },
  },
  'a release has every file that was built, and those of a public repository are signed': {
    events: ['a release', 'a release of a private repository'],
    async check(all, events) {
      const found = [];
      const read = (dir, name) => (fs.existsSync(`${dir}/${name}`) ? fs.readFileSync(`${dir}/${name}`, 'utf8') : '');
      for (const { event, dir } of await happen(all, events)) {
        const sums = read(dir, 'published/SHA256SUMS')
          .split('\n')
          .filter(line => line);
        if (sums.length === 0) found.push(`${event}: no checksums are published`);
        for (const [digest, name] of sums.map(line => line.split('  '))) {
          const published = createHash('sha256')
            .update(read(dir, `published/${name}`))
            .digest('hex');
          if (digest !== published) found.push(`${event}: ${name} is not published as it was built`);
          if (!EVENTS[event][1].private && !read(dir, 'attested').includes(digest)) found.push(`${event}: ${name} is not signed`);
        }
      }
      return found;
    },
    faults: {
      'nothing is signed': [['a release'], replaced("!github.event.repository.private", 'false')],
      'one file is not published': [['a release'], replaced('release/*', 'release/*.json release/SHA256SUMS')],
      'a private repository has no release': [['a release of a private repository'], replaced('!failure()', 'success()')],
    },
  },
  'a failed test leaves its log, its results and the inputs that broke it': {
    events: ['our own pull request'],
    async check(all, events) {
      const found = [];
      for (const healthy of await happen(all, events)) {
        const tests = healthy.records.filter(({ args }) => args.includes('test'));
        if (tests.length === 0) found.push(`${healthy.event}: no job runs the tests`);
        for (const { job, step } of tests.slice(0, 1)) {
          const result = await again(healthy, all, { fail: { job, step: Number(step) } });
          const files = fs.readdirSync(result.artifacts, { recursive: true }).join('\n');
          found.push(
            ...['rust.log', 'rust.xml', 'crash-1'].filter(file => !files.includes(file)).map(file => `${healthy.event}: ${job} does not keep ${file}`),
          );
        }
      }
      return found;
    },
    faults: {
      'nothing is uploaded': [
        ['our own pull request'],
        changed(job => {
          job.steps = job.steps?.filter(step => step.if !== 'failure()');
        }),
      ],
    },
  },
  'a red status does not hide the drift check': {
    events: ['the schedule'],
    async check(all, events) {
      const found = [];
      for (const healthy of await happen(all, events)) {
        const drift = results => results.records.filter(({ args }) => args.includes('--drift')).map(({ job }) => job);
        if (drift(healthy).length === 0) found.push(`${healthy.name} checks no drift`);
        for (const { job, step } of healthy.records.filter(({ args }) => args.includes('status') && !args.includes('--drift'))) {
          const result = await again(healthy, all, { fail: { job, step: Number(step) } });
          found.push(
            ...drift(healthy)
              .filter(other => !drift(result).includes(other))
              .map(other => `${other} stops when ${job} is red`),
          );
        }
      }
      return found;
    },
    faults: { 'the drift check waits for a green status': [['the schedule'], changed(job => job.steps?.forEach(step => delete step.if))] },
  },
  'no run on main is lost in a queue': {
    async check(all) {
      const onMain = Object.keys(all).filter(name => handles(all, name, 'push', {}) || handles(all, name, 'schedule', {}));
      const keeps = ({ group = '', queue, 'cancel-in-progress': cancels }) =>
        !/^\$\{\{.*push/.test(cancels) && cancels !== true && (queue === 'max' || /github\.(sha|run_id)/.test(group));
      return onMain.filter(name => all[name].concurrency && !keeps(all[name].concurrency));
    },
    faults: { 'one run waits at most': [[], replaced('"queue":"max"', '"queue":"single"')] },
  },
  'a failing step stops what depends on it, and nothing else: an issue reports it, and the required check is red': {
    async check(all, events, first) {
      const found = (await cases(all, events)).map(one => () => stops(all, one));
      if (!first) return (await Promise.all(found.map(one => one()))).flat();
      for (const one of found) {
        const problems = await one();
        if (problems.length > 0) return problems;
      }
      return [];
    },
    faults: {
      'a failure does not count': [
        ['the schedule'],
        changed(job =>
          job.steps?.forEach(step => {
            step['continue-on-error'] = true;
          }),
        ),
      ],
      'the required check is always green': [
        ['the merge queue'],
        changed((job, id) => {
          if (id.endsWith('/required')) job.steps = [{ run: 'true' }];
        }),
      ],
      'the issue may not be written': [['the schedule'], replaced('"issues":"write"', '"issues":"read"')],
    },
  },
};

before(prepare);
after(clean);

const variants = { committed: workflows(), signed: workflows(process.env.SIGNED), byDigest: workflows(process.env.BY_DIGEST) };
describe('the workflows', { concurrency: true }, () => {
  for (const [title, { check, events = Object.keys(EVENTS), faults, of = 'committed' }] of Object.entries(PROPERTIES)) {
    const all = variants[of];
    test(title, async () => assert.deepStrictEqual(await check(all, events), []));
    for (const [fault, [shown, change]] of Object.entries(faults)) {
      test(`${title}; found: ${fault}`, async () => {
        const broken = change(all);
        assert.notDeepStrictEqual(broken, all, 'the change applies to nothing');
        assert.notDeepStrictEqual(await check(broken, shown, true), []);
      });
    }
  }
});
