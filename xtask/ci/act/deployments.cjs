// What a deployment and a release need before they change anything, and what they change.
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const { plan, rendered } = require('../plans.cjs');
const {
  DEPLOYS,
  EVENTS,
  again,
  calls,
  changed,
  everyJob,
  excerpt,
  happen,
  happens,
  privileged,
  replaced,
  unique,
} = require('./events.cjs');

/** The runs of `deploy`, whose log must have the words: on a busy machine, act can lose the last output of a step, so they run twice then. */
async function deployment(all, event, more, words) {
  const runs = async again => (await happens(all, event, { ...more, ...again })).filter(({ name }) => name === 'deploy');
  const first = await runs();
  return first.every(({ output }) => words.test(output)) ? first : runs({ again: true });
}

module.exports = {
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
          'no reviewers': [{ api: { environments: { prod: [{ type: 'branch_policy' }] } } }, /the environment `prod` has no required reviewers/],
          'another main': [{ api: { main: '0'.repeat(40), environments: { prod: reviewed } } }, /main has moved on/],
          'nothing deployed before': [{ earlier: null }, /no run of this workflow has the job `dev deploy` succeeded/],
        },
      };
      const found = [];
      for (const event of events) {
        for (const [reason, [more, words]] of Object.entries(REASONS[event])) {
          for (const result of await deployment(all, event, more, words)) {
            if (result.code === 0) found.push(`${event}, ${reason}: the run is green`);
            if (!words.test(result.output)) found.push(`${event}, ${reason}: the log does not say why: ${excerpt(result)}`);
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
};
