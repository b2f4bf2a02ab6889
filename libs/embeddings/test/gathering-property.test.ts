// Whatever callers ask together, leave, or give that is refused: each gets its own vectors, or its own failure.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { failure } from '#ports';
import { anEmbedder, LengthModel } from './builders.js';

const WORDS = ['a', 'bb', 'ccc', 'dddd', 'eeeee', 'ffffff', 'bad-one', 'bad-other'];

const caller = fc.record({
  texts: fc.array(fc.constantFrom(...WORDS), { minLength: 1, maxLength: 6 }),
  tenant: fc.constantFrom('north', 'south'),
  /** After how many turns of the event loop it comes, and after how many more it leaves; -1: it stays. */
  comesAfter: fc.nat({ max: 6 }),
  leavesAfter: fc.integer({ min: -1, max: 4 }),
});
type Caller = typeof caller extends fc.Arbitrary<infer C> ? C : never;

const isBad = (text: string) => text.startsWith('bad');
const turns = async (count: number) => {
  for (let at = 0; at < count; at++) await new Promise((resolve) => setImmediate(resolve));
};

/** A model that refuses bad texts, by position or not, and notes what each call was about. */
function aStrictModel(names: boolean) {
  const model = new LengthModel(true);
  const honest = model.answer;
  let tokens = 0;
  model.answer = async (texts, o) => {
    await turns(texts.length % 3);
    const position = texts.findIndex(isBad);
    if (position >= 0)
      throw failure('embedding.input_refused', { provider: 'length', position: names ? position : 'unknown' });
    tokens += texts.length;
    return honest(texts, o);
  };
  return { model, spent: () => tokens };
}

async function outcomeOf(embedder: ReturnType<typeof anEmbedder>, one: Caller) {
  await turns(one.comesAfter);
  const leaving = new AbortController();
  if (one.leavesAfter >= 0) void turns(one.leavesAfter).then(() => leaving.abort(new Error('gone')));
  const { texts, tenant } = one;
  return embedder.embed(texts, { tenant, signal: leaving.signal }).then(
    (reply) => ({ ...one, reply, error: undefined }),
    (error) => ({ ...one, reply: undefined, error }),
  );
}

test('each caller gets what it asked for, and no other’s trouble', async () => {
  const settings = fc.record({
    batchSize: fc.integer({ min: 1, max: 5 }),
    parallel: fc.integer({ min: 1, max: 3 }),
    gatherMs: fc.constantFrom(0, 1),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(caller, { minLength: 1, maxLength: 8 }),
      settings,
      fc.boolean(),
      async (all, o, names) => {
        const { model, spent } = aStrictModel(names);
        const embedder = anEmbedder(model, o);
        const outcomes = await Promise.all(all.map((one) => outcomeOf(embedder, one)));
        for (const { texts, leavesAfter, reply, error } of outcomes) {
          if (reply) expect(reply.vectors.map((vector) => vector[0])).toEqual(texts.map((text) => text.length));
          else if (error.message === 'gone') expect(leavesAfter).toBeGreaterThanOrEqual(0);
          else {
            expect(error).toMatchObject({ code: 'embedding.input_refused' });
            expect(isBad(texts[error.facts.position]!)).toBe(true);
          }
        }
        const paid = outcomes.reduce((sum, { reply }) => sum + (reply?.tokens ?? 0), 0);
        expect(paid).toBeLessThanOrEqual(spent());
        if (outcomes.every(({ reply }) => reply)) expect(paid).toBe(spent());
        // Nothing is left waiting: the next caller is served as the first was.
        expect((await embedder.embed(['next'], { tenant: 'north' })).vectors[0]![0]).toBe(4);
        await embedder.close();
      },
    ),
    { numRuns: 300 },
  );
});
