// Tests the scripts of the workflows with fakes of the GitHub client that record its calls. They verify the calls of a script,
// but not the behaviour of GitHub.
const assert = require('node:assert');
const { chdir } = require('node:process');
const { mkdtempSync, readFileSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { test } = require('node:test');
const { plan, rendered } = require('./plans.cjs');

const folder = join(__dirname, '../src/workflow/scripts');
const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor;

/** Runs a script as actions/github-script does, in a folder with these files, and returns its calls. */
async function run(name, { files = {}, env = {}, lists = [], listed = {}, main = 'abc', environment }) {
  chdir(mkdtempSync(join(tmpdir(), 'script-')));
  Object.entries(files).forEach(([file, text]) => writeFileSync(file, text));
  Object.assign(process.env, env);
  const asked = [];
  const ask = name => async parameters => { asked.push([name, parameters]); };
  const names = ['createComment', 'updateComment', 'create', 'update'];
  const issues = Object.fromEntries(names.map(name => [name, ask(name)]));
  // `listed` has the results of the lists about workflow runs, `lists` those of all others.
  const actions = Object.fromEntries(['listWorkflowRuns', 'listJobsForWorkflowRun', 'listWorkflowRunArtifacts'].map(name => [name, name]));
  const repos = { getBranch: async () => ({ data: { commit: { sha: main } } }), getEnvironment: async () => ({ data: environment() }) };
  const paginate = async (list, parameters) => listed[list]?.(parameters) ?? (typeof list === 'string' ? [] : lists);
  const github = { rest: { actions, issues: { ...issues, listComments: 0, listForRepo: 0 }, repos }, paginate };
  // As in @actions/core, nothing in the summary is escaped.
  let written = '';
  const append = text => { written += text; return summary; };
  const summary = {
    addRaw: append,
    addHeading: (text, level) => append(`<h${level}>${text}</h${level}>\n`),
    addCodeBlock: text => append(`<pre><code>${text}</code></pre>\n`),
    write: async () => asked.push(['summary', written]),
  };
  const core = { setFailed: text => asked.push(['failed', text]), setOutput: (...output) => asked.push(['output', ...output]), info: () => {}, warning: text => asked.push(['warning', text]), summary };
  const context = { repo: { owner: 'o', repo: 'r' }, issue: { number: 7 }, serverUrl: 'https://github.example', runId: 5, sha: 'abc' };
  const text = [...(['comment.js', 'digest.js'].includes(name) ? ['block.js'] : []), name].map(file => readFileSync(join(folder, file), 'utf8')).join('');
  const script = new AsyncFunction('github', 'context', 'core', 'require', text);
  await script(github, context, core, require);
  return asked;
}

const bot = { type: 'Bot' };
const mark = '<!-- the plan of cargo xtask diff -->';

test('a plan is one comment, which the next plan overwrites, and its text cannot end the code block', async () => {
  const [[name, first]] = await run('comment.js', { files: { 'plan.txt': 'a ``` b\n````\n' } });
  assert.strictEqual(name, 'createComment');
  assert.deepStrictEqual([first.owner, first.repo, first.issue_number], ['o', 'r', 7]);
  assert.ok(first.body.startsWith(mark) && first.body.endsWith('\n`````\n'), first.body);
  const lists = [{ id: 1, user: { type: 'User' }, body: mark }, { id: 2, user: bot, body: 'else' }, { id: 3, user: bot, body: `${mark}\nold` }];
  const again = await run('comment.js', { files: { 'plan.txt': 'x'.repeat(70000) }, lists });
  assert.deepStrictEqual(again.map(([name, { comment_id }]) => [name, comment_id]), [['updateComment', 3]]);
  assert.ok(again[0][1].body.length < 65536);
});

test('GitHub shows every character of a plan, in the summary and in the comment', async () => {
  const bodies = { 'digest.js': asked => asked[1][1], 'comment.js': asked => asked[0][1].body };
  for (const [name, body] of Object.entries(bodies)) {
    const files = { 'plan.json': '{"digest":"d1"}', 'plan.txt': plan(500) };
    const { blocks, rest } = rendered(body(await run(name, { files })));
    assert.deepStrictEqual(blocks, [plan(500)], name);
    assert.ok(!rest.includes('Resource') && !rest.includes('cut'), rest);
    assert.ok(blocks[0].split('\n').slice(0, 40).some(line => line.includes('is replaced')));
  }
});

test('a plan that is too long still lists replacements, and a note has the number of cut lines', async () => {
  const limits = { 'digest.js': 1024 * 1024, 'comment.js': 65536 };
  const bodies = { 'digest.js': asked => asked[1][1], 'comment.js': asked => asked[0][1].body };
  for (const [name, body] of Object.entries(bodies)) {
    const whole = plan(20000).replace(/new/g, 'ñew');
    const files = { 'plan.json': '{"digest":"d1"}', 'plan.txt': whole };
    const markdown = body(await run(name, { files }));
    assert.ok(Buffer.byteLength(markdown) < limits[name]);
    const { blocks: [block, ...more], rest } = rendered(markdown);
    assert.ok(whole.startsWith(block.trimEnd()) && more.length === 0 && block.includes('is replaced'), name);
    const [, cut, all] = rest.match(/(\d+) of (\d+) lines were cut/).map(Number);
    assert.strictEqual(all, whole.trimEnd().split('\n').length);
    assert.strictEqual(all - cut, block.trimEnd().split('\n').length);
    assert.match(rest, /plan.txt in the artifacts of this run/);
  }
  const [[, { body }]] = await run('comment.js', { files: { 'plan.txt': 'x'.repeat(70000) } });
  assert.match(rendered(body).rest, /1 of 1 lines were cut/);
});

test('the digest is an output only if the text of the plan contains it', async () => {
  const files = { 'plan.json': '{"digest":"d1"}', 'plan.txt': 'the plan d1' };
  const summary = '## The plan\n\nDigest `d1`\n\n```\nthe plan d1\n```\n';
  assert.deepStrictEqual(await run('digest.js', { files }), [['output', 'digest', 'd1'], ['summary', summary]]);
  for (const other of [{ 'plan.txt': 'the plan d2' }, { 'plan.json': '{}' }]) {
    const asked = await run('digest.js', { files: { ...files, ...other } });
    assert.deepStrictEqual(asked.map(([name]) => name), ['failed']);
  }
  await assert.rejects(run('digest.js', { files: { ...files, 'plan.json': '' } }));
});

test('the issue names the failed steps of every job, also in called workflows', async () => {
  const env = { TITLE: 'Trouble', RESULTS: JSON.stringify({ checks: { result: 'failure' } }) };
  const jobs = [
    { name: 'checks / test (rust)', conclusion: 'failure', steps: [{ name: 'check out', conclusion: 'success' }, { name: 'test', conclusion: 'failure' }] },
    { name: 'checks / lint', conclusion: 'cancelled' },
    { name: 'build', conclusion: 'success', steps: [] },
  ];
  const [[, { body }]] = await run('issue.js', { env, listed: { listJobsForWorkflowRun: () => jobs } });
  assert.ok(body.endsWith('\n\n- `checks / test (rust)`: failure in `test`\n- `checks / lint`: cancelled'), body);
});

test('the required check fails unless every job has succeeded', async () => {
  const failed = async results => (await run('required.js', { env: { RESULTS: JSON.stringify(results) } })).map(call => call.join(' '));
  assert.deepStrictEqual(await failed({ build: { result: 'success' }, checks: { result: 'success' } }), []);
  for (const result of ['failure', 'cancelled', 'skipped']) {
    assert.deepStrictEqual(await failed({ build: { result: 'success' }, checks: { result } }), [`failed checks: ${result}`]);
  }
});

test('only the archive that the first environment got is promoted', async () => {
  const sha256 = '0'.repeat(64);
  const run1 = { id: 1, jobs: [{ name: 'dev deploy', conclusion: 'failure' }], artifacts: [{ id: 1, name: `deployed-${'1'.repeat(64)}` }] };
  // It was started again, and the second attempt uploaded another archive.
  const artifacts = ['dev plan', `programs-${'2'.repeat(64)}`, `deployed-${'3'.repeat(64)}`, `deployed-${sha256}`].map((name, id) => ({ id, name }));
  const run2 = { id: 2, jobs: [{ name: 'dev deploy', conclusion: 'success' }], artifacts };
  const promoted = async runs => {
    const of = ({ run_id }) => runs.find(({ id }) => id === run_id);
    const listed = {
      listWorkflowRuns: ({ head_sha }) => (head_sha === 'abc' ? runs : []),
      listJobsForWorkflowRun: parameters => of(parameters).jobs,
      listWorkflowRunArtifacts: parameters => of(parameters).artifacts,
    };
    return (await run('promoted.js', { env: { FIRST: 'dev deploy' }, listed })).map(call => call.join(' '));
  };
  assert.deepStrictEqual(await promoted([run1, run2]), ['output run 2', `output sha256 ${sha256}`]);
  const expired = { ...run2, artifacts: run2.artifacts.map(artifact => ({ ...artifact, expired: true })) };
  const skipped = { ...run2, jobs: [{ name: 'dev deploy', conclusion: 'skipped' }] };
  for (const runs of [[], [run1], [expired], [skipped], [{ ...run2, artifacts: [] }]]) {
    const [reason, ...others] = await promoted(runs);
    assert.match(reason, /^failed no run of this workflow has the job `dev deploy` succeeded for abc/);
    assert.deepStrictEqual(others, []);
  }
});

test('a deployment to an environment without required reviewers fails', async () => {
  const approval = async environment => (await run('approval.js', { env: { ENVIRONMENT: 'prod' }, environment })).map(call => call.join(' '));
  const rules = rule => () => ({ protection_rules: [{ type: 'branch_policy' }, rule] });
  const reviewers = [{ type: 'User', reviewer: { id: 1 } }];
  assert.deepStrictEqual(await approval(rules({ type: 'required_reviewers', prevent_self_review: true, reviewers })), []);
  const [warned] = await approval(rules({ type: 'required_reviewers', prevent_self_review: false, reviewers }));
  assert.match(warned, /^warning who starts a deployment to `prod` can approve it alone/);
  for (const bad of [rules({ type: 'required_reviewers', reviewers: [] }), rules({ type: 'wait_timer' }), () => ({})]) {
    assert.match((await approval(bad))[0], /^failed the environment `prod` has no required reviewers/);
  }
  const missing = () => { throw new Error('Not Found'); };
  assert.match((await approval(missing))[0], /^failed cannot read the rules of the environment `prod`: Not Found/);
});

test('an approved plan of an older commit is not deployed', async () => {
  assert.deepStrictEqual(await run('main.js', {}), []);
  const [[, reason]] = await run('main.js', { main: 'def' });
  assert.match(reason, /^main has moved on from abc to def; start/);
});

test('one issue is opened, updated, and closed after a successful run', async () => {
  const results = list => JSON.stringify(Object.fromEntries(list.map((result, index) => [`job${index}`, { result, outputs: {} }])));
  const names = async (list, lists = []) => {
    const env = { TITLE: 'Trouble', RESULTS: results(list) };
    return (await run('issue.js', { env, lists })).map(([name, { issue_number, state, body }]) => [name, issue_number ?? state ?? body].join(' '));
  };
  const open = [
    { number: 1, title: 'Trouble', user: { type: 'User' } },
    { number: 2, title: 'Trouble', user: bot, pull_request: {} },
    { number: 3, title: 'Trouble', user: bot },
  ];
  const [created] = await names(['success', 'failure', 'skipped']);
  assert.match(created, /^create https:\/\/github.example\/o\/r\/actions\/runs\/5 at abc\n\n- `job1`: failure$/);
  assert.deepStrictEqual(await names(['cancelled'], open), ['createComment 3']);
  assert.deepStrictEqual(await names(['success', 'skipped'], open), ['createComment 3', 'update 3']);
  assert.deepStrictEqual(await names(['success']), []);
  assert.deepStrictEqual(await names(['skipped', 'skipped'], open), [], 'no job ran, so the issue stays open');
});
