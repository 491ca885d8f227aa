// A copy of the workflows for act: with what GitHub's runners add to a job, and without what act does not know.
const { mkdirSync } = require('node:fs');
const { basename, join } = require('node:path');

/** GitHub's runner sets them in every step of a job with `id-token: write`. */
const ID_TOKEN = { ACTIONS_ID_TOKEN_REQUEST_URL: 'http://127.0.0.1:1/token', ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'credential-id-token' };

/** The smaller one of the permissions of a job and of the job that calls its workflow; a fork's token can only read. */
function permissions(workflow, job, caller, readOnly) {
  const own = job.permissions ?? workflow.permissions ?? {};
  const at = scope => Math.min(...[own, caller ?? own].map(scopes => ['read', 'write'].indexOf(scopes[scope]) + 1), readOnly ? 1 : 2);
  return Object.fromEntries(Object.keys(own).map(scope => [scope, [null, 'read', 'write'][at(scope)]]));
}

/**
 * Adapts the workflows to act: it does not know GitHub's queues, and gives every job the same token, home and environment. Also returns the
 * permissions by token, and those that GitHub refuses to a called workflow.
 */
function adapted(all, main, { dir, fail, readOnly }) {
  const tokens = {};
  const refused = [];
  const callers = Object.fromEntries(
    Object.values(main.jobs)
      .filter(job => job.uses)
      .map(job => [basename(job.uses, '.yml'), job]),
  );
  const copies = structuredClone(all);
  for (const [name, workflow] of Object.entries(copies)) {
    workflow.name = name;
    delete workflow.concurrency;
    for (const [id, job] of Object.entries(workflow.jobs)) {
      delete job.concurrency;
      if (job.uses && fail?.job === `${name}/${id}`) {
        // act stops at a called workflow that fails, without the jobs that run always; what follows it is run after this job instead.
        const { uses, permissions, ...rest } = job;
        workflow.jobs[id] = { ...rest, 'runs-on': 'ubuntu-24.04', steps: [{ run: 'exit 1' }] };
        continue;
      }
      // As of this version, act does not know the other way to write a path in the repository.
      if (job.uses) job.uses = job.uses.replace('$/', './');
      if (job.uses) continue;
      const token = `credential-token-${name}-${id}`;
      tokens[token] = permissions(workflow, job, callers[name]?.permissions, readOnly);
      const own = Object.entries(job.permissions ?? {});
      if (callers[name] && !readOnly)
        refused.push(
          ...own.filter(([scope, level]) => tokens[token][scope] !== level).map(([scope]) => `${name}/${id} may not have ${scope}`),
        );
      const home = join(dir, 'home', `${name}-${id}`);
      mkdirSync(home, { recursive: true });
      job.steps.forEach((step, index) => {
        if (step.uses?.startsWith('actions/github-script@')) step.with['github-token'] ??= token;
        if (step.uses?.startsWith('actions/checkout@')) step.with = { token, ...step.with };
        if (fail?.instead && fail.job === `${name}/${id}` && fail.step === index) {
          delete step.uses;
          step.run = 'exit 1';
        }
      });
      // The jobs of a matrix differ only in a value.
      for (const values of Object.values(job.strategy?.matrix ?? {})) values.splice(2);
      job.env = { HOME: home, ...(tokens[token]['id-token'] === 'write' ? ID_TOKEN : {}), ...job.env };
      const text = JSON.stringify(job).replace(/\$\{\{ *(github\.token|secrets\.GITHUB_TOKEN) *\}\}/g, token);
      workflow.jobs[id] = JSON.parse(text);
    }
  }
  return { copies, tokens, refused };
}

module.exports = { adapted };
