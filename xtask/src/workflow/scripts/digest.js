// The approval applies to this digest: the deployment rejects any other plan.
const fs = require('fs');
const { digest } = JSON.parse(fs.readFileSync('plan.json', 'utf8'));
const plan = fs.readFileSync('plan.txt', 'utf8');
if (!digest || !plan.includes(digest)) {
  core.setFailed('the resources in AWS changed while the plan was computed; run this workflow again');
} else {
  core.setOutput('digest', digest);
  // `addCodeBlock` does not escape its content. GitHub accepts up to 1 MiB per step.
  await core.summary.addRaw(`## The plan\n\nDigest \`${digest}\`\n\n${block(plan, 1000000)}`).write();
}
