// Maintains one comment, which each new plan overwrites.
const mark = '<!-- the plan of cargo xtask diff -->';
const plan = require('fs').readFileSync('plan.txt', 'utf8');
// GitHub accepts at most 65,536 characters.
const body = `${mark}\nThis pull request would change the following in AWS:\n\n${block(plan, 60000)}`;
const issue = { ...context.repo, issue_number: context.issue.number };
const comments = await github.paginate(github.rest.issues.listComments, issue);
const ours = comments.find(comment => comment.user.type === 'Bot' && comment.body.startsWith(mark));
if (ours) {
  await github.rest.issues.updateComment({ ...context.repo, comment_id: ours.id, body });
} else {
  await github.rest.issues.createComment({ ...issue, body });
}
