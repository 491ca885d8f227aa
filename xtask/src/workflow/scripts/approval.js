// Fails unless a reviewer must approve the jobs of the environment. GitHub creates an environment that does not exist, without
// rules, when a job first uses it, and some plans have no reviewers for private repositories.
const { ENVIRONMENT } = process.env;
const fails = why => core.setFailed(`${why}; run \`cargo xtask setup-github\`, or see "Approval" in docs/aws.md`);
try {
  const { data } = await github.rest.repos.getEnvironment({ ...context.repo, environment_name: ENVIRONMENT });
  const rule = data.protection_rules?.find(({ type }) => type === 'required_reviewers');
  if (!rule?.reviewers?.length) {
    fails(`the environment \`${ENVIRONMENT}\` has no required reviewers`);
  } else if (!rule.prevent_self_review) {
    core.warning(`who starts a deployment to \`${ENVIRONMENT}\` can approve it alone`);
  }
} catch (error) {
  fails(`cannot read the rules of the environment \`${ENVIRONMENT}\`: ${error.message}`);
}
