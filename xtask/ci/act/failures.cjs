// What happens without a fault, and what each failure stops and reports.
const fs = require('node:fs');
const {
  EVENTS,
  UNTRUSTED,
  again,
  calls,
  changed,
  everyJob,
  excerpt,
  followers,
  handles,
  happen,
  happens,
  notifies,
  replaced,
  runsAlways,
} = require('./events.cjs');

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

module.exports = {
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
            ...['rust.log', 'rust.xml', 'crash-1']
              .filter(file => !files.includes(file))
              .map(file => `${healthy.event}: ${job} does not keep ${file}`),
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
