// Formats a plan as one Markdown code block that shows it verbatim: the fence is longer than any run of backticks in the plan.
// `limit` is in bytes. Lines are cut at the end, because a plan lists replacements and removals first.
const run = `${context.serverUrl}/${context.repo.owner}/${context.repo.repo}/actions/runs/${context.runId}`;
const block = (plan, limit) => {
  const lines = plan.trimEnd().split('\n');
  let size = 0;
  const fit = lines.findIndex(line => (size += Buffer.byteLength(line) + 1) > limit);
  const shown = fit < 0 ? lines : lines.slice(0, fit);
  const text = shown.join('\n');
  const longest = (text.match(/`+/g) ?? []).reduce((length, ticks) => Math.max(length, ticks.length), 2);
  const fence = '`'.repeat(longest + 1);
  const cut = lines.length - shown.length;
  const note = cut === 0 ? '' : `**${cut} of ${lines.length} lines were cut.** The complete plan is in \`plan.txt\` in [the artifacts of this run](${run}).\n\n`;
  return `${note}${fence}\n${text}\n${fence}\n`;
};
