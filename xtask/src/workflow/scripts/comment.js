// One comment, which each new plan overwrites.
const mark = '<!-- the plan of cargo xtask diff -->';
const plan = require('fs').readFileSync('plan.txt', 'utf8');
// GitHub takes 65,536 characters; a fence longer than any in the plan keeps it one block.
const shown = plan.length > 60000 ? plan.slice(0, 60000) + '\n… the rest is in the artifact' : plan;
const fence = '`'.repeat(1 + Math.max(2, ...(shown.match(/`+/g) ?? []).map(run => run.length)));
const body = `${mark}\nWhat this would change in AWS:\n\n${fence}\n${shown}\n${fence}`;
const issue = { ...context.repo, issue_number: context.issue.number };
const comments = await github.paginate(github.rest.issues.listComments, issue);
const ours = comments.find(comment => comment.user.type === 'Bot' && comment.body.startsWith(mark));
if (ours) {
  await github.rest.issues.updateComment({ ...context.repo, comment_id: ours.id, body });
} else {
  await github.rest.issues.createComment({ ...issue, body });
}
