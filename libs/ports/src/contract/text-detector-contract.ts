// What every detector of personal data and secrets promises, as cases that any test runner can run.
import assert from 'node:assert/strict';
import type { Finding, TextDetector } from '../text-detector.js';
import type { ContractCase } from './contract-case.js';

/** Texts in which nobody should find anything, and which trip up careless positions. */
const CLEAN = ['', ' ', '\n', '🙂🙂 日本語 e\u0301', '\ud800', 'a'.repeat(100_000), '0'.repeat(10_000)];

/**
 * The cases of the port. `open` gives a detector; each case closes what it opened. `sample` is a text with at least one
 * thing that the detector finds, at the place given.
 */
export function textDetectorContract(
  open: () => Promise<TextDetector>,
  sample: { text: string; finding: Finding },
): ContractCase[] {
  const { text, finding } = sample;
  const proving = (name: string, prove: (detector: TextDetector) => Promise<void>): ContractCase => ({
    name,
    async run() {
      const detector = await open();
      try {
        await prove(detector);
      } finally {
        await detector.close();
        await detector.close();
      }
    },
  });
  return [
    proving('names its provider and the kinds that it finds', async ({ provider, kinds }) => {
      assert.match(provider, /^[a-z][a-z0-9-]{0,31}$/);
      assert.ok(kinds.length > 0, 'there is a kind');
      for (const kind of kinds) assert.match(kind, /^[a-z0-9-]{1,40}$/);
      assert.equal(new Set(kinds).size, kinds.length);
    }),
    proving('finds what it says it finds, where it is', async (detector) => {
      assert.deepEqual(holding(await detector.find(text), finding), [finding]);
    }),
    proving('counts places in UTF-16 units, behind signs of any width', async (detector) => {
      const before = '🙂 日本語 ';
      const moved = { ...finding, start: finding.start + before.length, end: finding.end + before.length };
      assert.deepEqual(holding(await detector.find(before + text), moved), [moved]);
    }),
    proving('finds the same in the same text, also when asked many times at once', async (detector) => {
      const first = await detector.find(text);
      const again = await Promise.all(Array.from({ length: 20 }, async () => detector.find(text)));
      for (const found of again) assert.deepEqual(found, first);
    }),
    proving('gives places inside the text, and kinds that it has named', async (detector) => {
      for (const one of [...CLEAN, text, text.repeat(50)]) {
        for (const { kind, sort, start, end } of await detector.find(one)) {
          assert.ok(detector.kinds.includes(kind), `${kind} is named`);
          assert.ok(sort === 'secret' || sort === 'personal');
          assert.ok(Number.isInteger(start) && Number.isInteger(end) && 0 <= start && start < end);
          assert.ok(end <= one.length, 'a finding ends inside the text');
        }
      }
    }),
    proving('finds nothing where there is nothing', async (detector) => {
      for (const one of CLEAN) assert.deepEqual(await detector.find(one), []);
    }),
  ];
}

function holding(found: readonly Finding[], { kind, sort, start, end }: Finding): Finding[] {
  const whole = found.some((one) => one.kind === kind && one.sort === sort && one.start <= start && one.end >= end);
  return whole ? [{ kind, sort, start, end }] : [...found];
}
