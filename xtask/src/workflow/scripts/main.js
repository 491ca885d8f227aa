// Fails if `main` has moved on since this run started: its plan is of an older commit.
const { data } = await github.rest.repos.getBranch({ ...context.repo, branch: 'main' });
if (data.commit.sha !== context.sha) {
  core.setFailed(`main has moved on from ${context.sha} to ${data.commit.sha}; start the deployment of that commit`);
}
