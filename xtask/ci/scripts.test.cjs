// The workflows' scripts with stand-ins for GitHub's client, which remember what they are asked: they prove what a script
// asks for, and nothing of what GitHub does about it.
const assert = require('node:assert');
const { chdir } = require('node:process');
const { mkdtempSync, readFileSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { test } = require('node:test');

const folder = join(__dirname, '../src/workflow/scripts');
const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor;

/** Runs a script as actions/github-script does, in a folder with these files, and gives what it asked for. */
async function run(name, { files = {}, env = {}, lists = [] }) {
  chdir(mkdtempSync(join(tmpdir(), 'script-')));
  Object.entries(files).forEach(([file, text]) => writeFileSync(file, text));
  Object.assign(process.env, env);
  const asked = [];
  const ask = name => async parameters => { asked.push([name, parameters]); };
  const names = ['createComment', 'updateComment', 'create', 'update'];
  const issues = Object.fromEntries(names.map(name => [name, ask(name)]));
  const github = { rest: { issues: { ...issues, listComments: 0, listForRepo: 0 } }, paginate: async () => lists };
  const summary = { addHeading: () => summary, addCodeBlock: text => { asked.push(['summary', text]); return summary; }, write: async () => {} };
  const core = { setFailed: text => asked.push(['failed', text]), setOutput: (...output) => asked.push(['output', ...output]), summary };
  const context = { repo: { owner: 'o', repo: 'r' }, issue: { number: 7 }, serverUrl: 'https://github.example', runId: 5, sha: 'abc' };
  const script = new AsyncFunction('github', 'context', 'core', 'require', readFileSync(join(folder, name), 'utf8'));
  await script(github, context, core, require);
  return asked;
}

const bot = { type: 'Bot' };
const mark = '<!-- the plan of cargo xtask diff -->';

test('a plan is one comment, which the next one overwrites, and no word of it ends its block', async () => {
  const [[name, first]] = await run('comment.js', { files: { 'plan.txt': 'a ``` b\n````\n' } });
  assert.strictEqual(name, 'createComment');
  assert.deepStrictEqual([first.owner, first.repo, first.issue_number], ['o', 'r', 7]);
  assert.ok(first.body.startsWith(mark) && first.body.endsWith('\n`````'), first.body);
  const lists = [{ id: 1, user: { type: 'User' }, body: mark }, { id: 2, user: bot, body: 'else' }, { id: 3, user: bot, body: `${mark}\nold` }];
  const again = await run('comment.js', { files: { 'plan.txt': 'x'.repeat(70000) }, lists });
  assert.deepStrictEqual(again.map(([name, { comment_id }]) => [name, comment_id]), [['updateComment', 3]]);
  assert.ok(again[0][1].body.length < 65536);
});

test('a digest goes on if the text that people read has it, else nothing does', async () => {
  const files = { 'plan.json': '{"digest":"d1"}', 'plan.txt': 'the plan d1' };
  assert.deepStrictEqual(await run('digest.js', { files }), [['output', 'digest', 'd1'], ['summary', 'the plan d1']]);
  for (const other of [{ 'plan.txt': 'the plan d2' }, { 'plan.json': '{}' }]) {
    const asked = await run('digest.js', { files: { ...files, ...other } });
    assert.deepStrictEqual(asked.map(([name]) => name), ['failed']);
  }
  await assert.rejects(run('digest.js', { files: { ...files, 'plan.json': '' } }));
});

test('one issue is opened, added to, and closed when all is well', async () => {
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
  assert.deepStrictEqual(await names(['skipped', 'skipped'], open), [], 'nothing ran, so nothing is well');
});
