// The digest is what is approved: the deployment refuses any other plan.
const fs = require('fs');
const { digest } = JSON.parse(fs.readFileSync('plan.json', 'utf8'));
const shown = fs.readFileSync('plan.txt', 'utf8');
if (!digest || !shown.includes(digest)) {
  core.setFailed('what AWS has changed while the plan was made; run this again');
} else {
  core.setOutput('digest', digest);
  await core.summary.addHeading('The plan', 2).addCodeBlock(shown.slice(0, 500000)).write();
}
