// Maintains one open issue per title: opens it, adds comments, and closes it once no job fails.
const { TITLE, RESULTS } = process.env;
const results = Object.entries(JSON.parse(RESULTS)).map(([job, { result }]) => ({ job, result }));
const bad = results.filter(({ result }) => result === 'failure' || result === 'cancelled');
const run = `${context.serverUrl}/${context.repo.owner}/${context.repo.repo}/actions/runs/${context.runId}`;
const open = await github.paginate(github.rest.issues.listForRepo, { ...context.repo, state: 'open' });
const ours = open.find(issue => issue.title === TITLE && issue.user.type === 'Bot' && !issue.pull_request);
if (bad.length === 0) {
  if (ours && results.some(({ result }) => result === 'success')) {
    const issue = { ...context.repo, issue_number: ours.number };
    await github.rest.issues.createComment({ ...issue, body: `No job failed in this run: ${run}` });
    await github.rest.issues.update({ ...issue, state: 'closed' });
  }
} else {
  // The names of the failed steps, also of the jobs in called workflows; without them, the results of this workflow's jobs.
  const jobs = await github.paginate(github.rest.actions.listJobsForWorkflowRun, { ...context.repo, run_id: context.runId });
  const ended = ({ conclusion }) => ['failure', 'cancelled', 'timed_out'].includes(conclusion);
  const failed = jobs.filter(ended).map(({ name, conclusion, steps = [] }) => {
    const names = steps.filter(ended).map(step => `\`${step.name}\``);
    return `- \`${name}\`: ${conclusion}${names.length > 0 ? ` in ${names.join(', ')}` : ''}`;
  });
  const list = (failed.length > 0 ? failed : bad.map(({ job, result }) => `- \`${job}\`: ${result}`)).join('\n');
  const body = `${run} at ${context.sha}\n\n${list}`;
  if (ours) {
    await github.rest.issues.createComment({ ...context.repo, issue_number: ours.number, body });
  } else {
    await github.rest.issues.create({ ...context.repo, title: TITLE, body });
  }
}
