// Finds the run that deployed this commit to the first environment, and the archive of what it tested and deployed.
const { FIRST } = process.env;
const query = { ...context.repo, workflow_id: 'deploy.yml', head_sha: context.sha, branch: 'main' };
const runs = await github.paginate(github.rest.actions.listWorkflowRuns, query);
let found;
for (const run of runs) {
  const of = { ...context.repo, run_id: run.id };
  const jobs = await github.paginate(github.rest.actions.listJobsForWorkflowRun, of);
  if (!jobs.some(({ name, conclusion }) => name === FIRST && conclusion === 'success')) {
    continue;
  }
  const artifacts = await github.paginate(github.rest.actions.listWorkflowRunArtifacts, of);
  const archives = artifacts.filter(({ name, expired }) => /^deployed-[0-9a-f]{64}$/.test(name) && !expired);
  // A run that was started again has one archive for each attempt.
  const [newest] = archives.sort((one, other) => other.id - one.id);
  if (newest) {
    found = { run: run.id, sha256: newest.name.slice('deployed-'.length) };
    break;
  }
}
if (found) {
  core.info(`Promoting ${found.sha256} of run ${found.run}`);
  core.setOutput('run', found.run);
  core.setOutput('sha256', found.sha256);
} else {
  core.setFailed(`no run of this workflow has the job \`${FIRST}\` succeeded for ${context.sha} and its archive kept; deploy that first`);
}
