// Fails unless every job that this one needs has succeeded.
const results = Object.entries(JSON.parse(process.env.RESULTS)).map(([job, { result }]) => ({ job, result }));
const bad = results.filter(({ result }) => result !== 'success');
if (bad.length > 0) {
  core.setFailed(bad.map(({ job, result }) => `${job}: ${result}`).join(', '));
}
