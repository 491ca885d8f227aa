// The digest is what is approved: the deployment refuses any other plan.
const fs = require('fs');
const { digest } = JSON.parse(fs.readFileSync('plan.json', 'utf8'));
const plan = fs.readFileSync('plan.txt', 'utf8');
if (!digest || !plan.includes(digest)) {
  core.setFailed('what AWS has changed while the plan was made; run this again');
} else {
  core.setOutput('digest', digest);
  // `addCodeBlock` escapes nothing. GitHub takes 1 MiB for each step.
  await core.summary.addRaw(`## The plan\n\nDigest \`${digest}\`\n\n${block(plan, 1000000)}`).write();
}
