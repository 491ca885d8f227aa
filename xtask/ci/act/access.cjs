// Which jobs get credentials, and what they run.
const {
  DEPLOYS,
  EVENTS,
  UNTRUSTED,
  again,
  builds,
  changed,
  everyJob,
  happen,
  happens,
  privileged,
  replaced,
  unique,
} = require('./events.cjs');

module.exports = {
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
};
