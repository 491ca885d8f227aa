// Stands in for the programs that the workflows start: records how it was started, and writes what the real one would write.
// Not checked: the real programs, which have their own tests.
const { spawnSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } = require('node:fs');
const { basename, dirname, join } = require('node:path');
const { config, record } = require('./record.cjs');

const [started, ...args] = process.argv.slice(2);
const [program, built] = started.split('@');
// A program that fails has written its files before.
if (record(program, args, built)) process.on('exit', () => process.exit(3));

function write(path, text) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** As the real ones, without what they need. */
function refuse(unless, why) {
  if (unless) return;
  console.error(why);
  process.exit(1);
}

/** The files of a release, with their checksums. */
function release(dir) {
  const names = ['xtask-x86_64-unknown-linux-gnu', 'xtask.cdx.json', 'ingestion-image.tar', 'ingestion-image.cdx.json'];
  const texts = [...names, 'dbt-image.tar', 'dbt-image.cdx.json'].map(name => [name, `${name} of the run ${config.id}`]);
  const files = Object.fromEntries(texts);
  Object.entries(files).forEach(([name, text]) => write(join(dir, name), text));
  const line = ([name, text]) => `${createHash('sha256').update(text).digest('hex')}  ${name}\n`;
  write(join(dir, 'SHA256SUMS'), Object.entries(files).map(line).join(''));
  write(join(dir, 'CHANGES.md'), 'changes');
}

function xtask(args) {
  const cloud = ['deploy', 'diff', 'status', 'sync-dags'].includes(args[0]) || args.includes('--push');
  refuse(!cloud || process.env.AWS_ACCOUNT_ID, 'AWS_ACCOUNT_ID is not set');
  refuse(!cloud || process.env.AWS_ACCESS_KEY_ID, 'no credentials for AWS');
  refuse(args[0] !== 'ci-gen' || !args.includes('--online') || process.env.GH_TOKEN, 'GH_TOKEN is not set');
  const expected = args[0] === 'deploy' && args.includes('--expect') ? args[args.indexOf('--expect') + 1] : undefined;
  const isApproved = expected === undefined || expected === (config.changed ? 'd2' : 'd1');
  refuse(isApproved, `error: the plan has changed since it was approved: its digest is not ${expected}`);
  if (args[0] === 'diff') console.log(args.includes('--json') ? JSON.stringify({ digest: 'd1' }) : (config.plan ?? 'plan d1'));
  if (args.includes('--save')) write(args[args.indexOf('--save') + 1], `Built in the run ${config.id}.`);
  if (args.includes('--expect') && args[0] === 'build-images') refuse(existsSync(args[args.indexOf('--expect') + 1]), 'no expected images');
  if (args[0] === 'build-images' && args.includes('--json')) console.log('[]');
  if (args[0] === 'release-files') release(args[args.indexOf('--dir') + 1]);
  const remains = ['target/test/logs/rust.log', 'target/test/results/rust.xml', 'jobs/fuzz/artifacts/rows/crash-1'];
  if (args[0] === 'test') remains.forEach(path => write(path, 'x'));
}

/** Compiles the crate with a malicious build script, as the real cargo does: cargo's own files are not those of the job. */
function compile() {
  const { PATH, rust } = config.machine;
  const env = { ...process.env, RUSTUP_TOOLCHAIN: undefined, ...rust, PATH, CARGO_TARGET_DIR: undefined };
  const crate = join(process.env.ACT_RUN, '../malicious/Cargo.toml');
  const { status, stderr } = spawnSync('cargo', ['build', '--quiet', '--offline', '--manifest-path', crate], { env, encoding: 'utf8' });
  refuse(status === 0, `cannot compile the malicious crate: ${stderr}`);
}

if (program === 'cargo' && config.malicious) compile();
if (program === 'cargo' && args[0] === 'build') {
  write('target/debug/xtask', `#!/bin/sh\nexec node ${__filename} xtask@${config.id} "$@"\n`);
  chmodSync('target/debug/xtask', 0o755);
} else if (program === 'cargo' && args[0] === 'xtask') {
  xtask(args.slice(1));
} else if (program === 'xtask') {
  xtask(args);
} else if (program === 'gh' && args[0] === 'attestation') {
  refuse(process.env.GH_TOKEN, 'gh: set the GH_TOKEN environment variable');
  refuse(!config.unsigned, 'Error: no attestations found for subject programs.tar');
  const attested = join(config.earlier?.dir ?? process.env.ACT_RUN, 'attested');
  const digest = createHash('sha256').update(readFileSync(args[2])).digest('hex');
  process.exit(existsSync(attested) && readFileSync(attested, 'utf8').includes(digest) ? 0 : 1);
} else if (program === 'gh' && args[0] === 'release') {
  refuse(config.tokens[process.env.GH_TOKEN]?.contents === 'write', 'HTTP 403: Resource not accessible by integration');
  const files = args.slice(args.findIndex(arg => arg.endsWith('CHANGES.md')) + 1);
  refuse(files.length > 0 && files.every(existsSync), `${files} does not exist`);
  for (const file of files) write(join(process.env.ACT_RUN, 'published', basename(file)), readFileSync(file));
}
