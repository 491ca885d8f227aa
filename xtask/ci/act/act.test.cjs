// Runs every workflow with act on every event that it handles, and once with each fault, and checks what must hold for any workflow of
// this project. Each property names the changes of the workflows that it must find; these are tested as well.
const assert = require('node:assert');
const { after, before, describe, test } = require('node:test');
const { EVENTS } = require('./events.cjs');
const { clean, prepare, workflows } = require('./run.cjs');

/**
 * The properties: `check` returns the violations for these events, or at least one of them if `first` is true; `faults` are changes of the
 * workflows that violate it, each with the events that show it. Some are `of` workflows with other settings.
 */
const PROPERTIES = { ...require('./access.cjs'), ...require('./deployments.cjs'), ...require('./failures.cjs') };

before(prepare);
after(clean);

const variants = { committed: workflows(), signed: workflows(process.env.SIGNED), byDigest: workflows(process.env.BY_DIGEST) };
describe('the workflows', { concurrency: true }, () => {
  for (const [title, { check, events = Object.keys(EVENTS), faults, of = 'committed' }] of Object.entries(PROPERTIES)) {
    const all = variants[of];
    test(title, async () => assert.deepStrictEqual(await check(all, events), []));
    for (const [fault, [shown, change]] of Object.entries(faults)) {
      test(`${title}; found: ${fault}`, async () => {
        const broken = change(all);
        assert.notDeepStrictEqual(broken, all, 'the change applies to nothing');
        assert.notDeepStrictEqual(await check(broken, shown, true), []);
      });
    }
  }
});
