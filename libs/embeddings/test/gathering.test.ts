// Requests of one tenant share calls, and nothing that happens to one of them happens to another.
import { describe, expect, test } from 'vitest';
import { type EmbeddingModel, type Embeddings, type EmbedOptions, failure } from '#ports';
import { anEmbedder, LengthModel } from './builders.js';

/** Longer than any test: what does not go of itself shows as a test that hangs. */
const LONG_MS = 60_000;
const refused = (position: number | 'unknown') => failure('embedding.input_refused', { provider: 'length', position });
const texts = (count: number, of = 'x') => Array.from({ length: count }, (_, at) => of.repeat(at + 1));
const firsts = ({ vectors }: Embeddings) => vectors.map((vector) => vector[0]);

/** A remote model whose calls end when the test says so. */
class HeldModel extends LengthModel {
  readonly held: { texts: readonly string[]; signal: AbortSignal; end: () => void }[] = [];

  constructor(settings: Partial<EmbeddingModel> = {}) {
    super(true);
    Object.assign(this, settings);
  }

  override async embed(texts: readonly string[], { signal }: EmbedOptions = {}): Promise<Embeddings> {
    await new Promise<void>((resolve, reject) => {
      this.held.push({ texts, signal: signal!, end: resolve });
      signal!.addEventListener('abort', () => reject(signal!.reason));
    });
    return { vectors: texts.map((text) => Float32Array.of(text.length, 1)), tokens: texts.length };
  }
}

describe('requests at the same time', () => {
  test('of one tenant and purpose go in one call, and each gets its own back', async () => {
    const model = new LengthModel(true);
    const embedder = anEmbedder(model, { gatherMs: 1 });
    const o = { tenant: 'north', purpose: 'query' as const };
    const replies = await Promise.all([['a', 'bb'], ['ccc'], ['bb', 'dddd']].map((some) => embedder.embed(some, o)));
    expect(model.calls.map((one) => one.texts)).toEqual([['a', 'ccc', 'dddd', 'bb']]);
    expect(replies.map(firsts)).toEqual([[1, 2], [3], [2, 4]]);
  });

  test('share the tokens of their call by what each brought, and a text that two want is paid for once', async () => {
    const model = new LengthModel(true);
    model.answer = async (some) => ({ vectors: some.map(() => Float32Array.of(1, 1)), tokens: 18 });
    const embedder = anEmbedder(model, { gatherMs: 1 });
    const replies = await Promise.all([
      embedder.embed(['x'.repeat(12), 'shared']),
      embedder.embed(['y'.repeat(16)]),
      embedder.embed(['shared']),
    ]);
    expect(replies.map((one) => one.tokens)).toEqual([10, 8, 0]);
  });

  test.each([
    ['tenants', [{ tenant: 'north' }, { tenant: 'south' }]],
    ['purposes', [{ purpose: 'query' as const }, { purpose: 'document' as const }]],
  ])('of different %s never share a call', async (_, calls) => {
    const model = new LengthModel(true);
    const embedder = anEmbedder(model, { gatherMs: 1 });
    await Promise.all(calls.map((o) => embedder.embed(['same'], o)));
    expect(model.calls.map((one) => one.texts)).toEqual([['same'], ['same']]);
  });

  test.each([
    ['where gathering is off', true, 0],
    ['to a model in this process', false, 5],
  ])('have calls of their own %s', async (_, remote, gatherMs) => {
    const model = new LengthModel(remote);
    const embedder = anEmbedder(model, { gatherMs });
    await Promise.all([embedder.embed(['a']), embedder.embed(['a'])]);
    expect(model.calls).toHaveLength(2);
  });

  test('do not wait for more where the call is full', async () => {
    const model = new LengthModel(true, 2);
    const embedder = anEmbedder(model, { gatherMs: LONG_MS });
    await Promise.all([embedder.embed(['a']), embedder.embed(['bb'])]);
    expect(model.calls.map((one) => one.texts)).toEqual([['a', 'bb']]);
  });

  test('take turns: a long list holds up no short one', async () => {
    const model = new LengthModel(true);
    const embedder = anEmbedder(model, { gatherMs: 1, batchSize: 2, parallel: 1 });
    const long = embedder.embed(texts(6));
    await embedder.embed(['short']);
    expect(model.calls.length).toBeLessThan(4);
    expect(firsts(await long)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('gather while all places are taken', async () => {
    const model = new HeldModel();
    const embedder = anEmbedder(model, { gatherMs: 1, parallel: 1 });
    const first = embedder.embed(['a']);
    await expect.poll(() => model.held.length).toBe(1);
    const later = ['bb', 'ccc'].map((text) => embedder.embed([text]));
    model.held[0]!.end();
    await expect.poll(() => model.held.length).toBe(2);
    expect(model.held[1]!.texts).toEqual(['bb', 'ccc']);
    model.held[1]!.end();
    expect((await Promise.all([first, ...later])).map(firsts)).toEqual([[1], [2], [3]]);
  });

  test('beyond what may wait are refused', async () => {
    const model = new HeldModel();
    const embedder = anEmbedder(model, { gatherMs: 1, parallel: 1 });
    const leaving = new AbortController();
    const waiting = Array.from({ length: 4096 }, () => embedder.embed(['same'], { signal: leaving.signal }));
    await expect(embedder.embed(['one more'])).rejects.toMatchObject({ code: 'call.crowded' });
    leaving.abort(new Error('gone'));
    expect((await Promise.allSettled(waiting)).every((one) => one.status === 'rejected')).toBe(true);
    const after = embedder.embed(['a']);
    await expect.poll(() => model.held.at(-1)?.texts).toEqual(['a']);
    model.held.at(-1)!.end();
    expect(firsts(await after)).toEqual([1]);
  });
});

describe('a text that is under way', () => {
  test('is not asked for again', async () => {
    const model = new HeldModel();
    const embedder = anEmbedder(model, { gatherMs: 1 });
    const first = embedder.embed(['a']);
    await expect.poll(() => model.held.length).toBe(1);
    const second = embedder.embed(['a']);
    model.held[0]!.end();
    expect(await Promise.all([first, second])).toMatchObject([{ tokens: 1 }, { tokens: 0 }]);
    expect(model.held).toHaveLength(1);
  });
});

describe('a caller who leaves', () => {
  test('ends no call that another waits for', async () => {
    const model = new HeldModel();
    const embedder = anEmbedder(model, { gatherMs: 1 });
    const leaving = new AbortController();
    const left = embedder.embed(['a', 'shared'], { signal: leaving.signal });
    const stayed = embedder.embed(['shared', 'ccc']);
    await expect.poll(() => model.held.length).toBe(1);
    leaving.abort(new Error('gone'));
    await expect(left).rejects.toThrow('gone');
    expect(model.held[0]!.signal.aborted).toBe(false);
    model.held[0]!.end();
    expect(firsts(await stayed)).toEqual([6, 3]);
  });

  test('ends the call that nobody else waits for', async () => {
    const model = new HeldModel();
    const embedder = anEmbedder(model, { gatherMs: 1 });
    const leaving = [new AbortController(), new AbortController()];
    const left = leaving.map(({ signal }, at) => embedder.embed([`text ${at}`], { signal }));
    await expect.poll(() => model.held.length).toBe(1);
    leaving[0]!.abort(new Error('gone'));
    expect(model.held[0]!.signal.aborted).toBe(false);
    leaving[1]!.abort(new Error('gone'));
    expect(model.held[0]!.signal.aborted).toBe(true);
    await Promise.all(left.map((one) => expect(one).rejects.toThrow('gone')));
  });

  test('takes its waiting texts along, and leaves those that another wants', async () => {
    const model = new LengthModel(true);
    const embedder = anEmbedder(model, { gatherMs: 1 });
    const leaving = new AbortController();
    const left = embedder.embed(['a', 'bb'], { signal: leaving.signal });
    const stayed = embedder.embed(['bb', 'ccc']);
    leaving.abort(new Error('gone'));
    await expect(left).rejects.toThrow('gone');
    expect(firsts(await stayed)).toEqual([2, 3]);
    expect(model.calls.flatMap((one) => one.texts).toSorted()).toEqual(['bb', 'ccc']);
  });

  test('before anything was sent causes no call', async () => {
    const model = new LengthModel(true);
    const embedder = anEmbedder(model, { gatherMs: 1 });
    await expect(embedder.embed(['a'], { signal: AbortSignal.abort(new Error('gone')) })).rejects.toThrow('gone');
    const leaving = new AbortController();
    const left = embedder.embed(['a'], { signal: leaving.signal });
    leaving.abort(new Error('gone'));
    await expect(left).rejects.toThrow('gone');
    await embedder.embed(['bb']);
    expect(model.calls.map((one) => one.texts)).toEqual([['bb']]);
  });
});

describe('a bad text', () => {
  test.each([
    ['named', (some: readonly string[]) => some.indexOf('bad')],
    ['not named', () => 'unknown' as const],
  ])('that is refused, and is %s, fails its own caller alone', async (_, position) => {
    const model = new LengthModel(true);
    const honest = model.answer;
    model.answer = async (some, o) => {
      if (some.includes('bad')) throw refused(position(some));
      return honest(some, o);
    };
    const embedder = anEmbedder(model, { gatherMs: 1 });
    const [good, bad, other] = await Promise.allSettled(
      [
        ['a', 'bb'],
        ['ccc', 'bad', 'dddd'],
        ['eeeee', 'a'],
      ].map((some) => embedder.embed(some)),
    );
    expect(bad).toMatchObject({ reason: { code: 'embedding.input_refused', facts: { position: 1 } } });
    expect(good).toMatchObject({ value: { vectors: [Float32Array.of(1, 1), Float32Array.of(2, 1)] } });
    expect(other).toMatchObject({ value: { vectors: [Float32Array.of(5, 1), Float32Array.of(1, 1)] } });
  });

  test('that two callers gave is told to each at the position where it gave it', async () => {
    const model = new LengthModel(true);
    model.answer = async () => {
      throw refused('unknown');
    };
    const embedder = anEmbedder(model, { gatherMs: 1 });
    const both = await Promise.allSettled([embedder.embed(['bad', 'bad']), embedder.embed(['a', 'bad'])]);
    expect(both).toMatchObject([
      { reason: { facts: { position: 0 } } },
      { reason: { code: 'embedding.input_refused' } },
    ]);
  });

  test.each([
    ['another dimension', Float32Array.of(1, 1, 1), 'embedding.dimension_mismatch', 'for the text at position 1'],
    ['no direction', Float32Array.of(0, 0), 'embedding.reply_invalid', 'position 1'],
  ])('whose vector has %s fails its own caller alone', async (_, vector, code, says) => {
    const model = new LengthModel(true);
    model.answer = async (some) => ({
      vectors: some.map((text) => (text === 'bad' ? vector : Float32Array.of(text.length, 1))),
      tokens: some.length,
    });
    const embedder = anEmbedder(model, { gatherMs: 1 });
    const [good, bad] = await Promise.allSettled([embedder.embed(['a', 'bb']), embedder.embed(['ccc', 'bad'])]);
    expect(good).toMatchObject({ status: 'fulfilled', value: { tokens: 2 } });
    expect(bad).toMatchObject({ reason: { code, message: expect.stringContaining(says) } });
  });
});

describe('a call', () => {
  test.each([
    ['the operator allows', { batchTokens: 10 }, {}],
    ['the model takes', {}, { maxBatchTokens: 10 }],
  ])('holds no more tokens than %s', async (_, options, settings) => {
    const model = Object.assign(new LengthModel(true), settings);
    const embedder = anEmbedder(model, { ...options, parallel: 1 });
    const some = [20, 20, 4, 60, 16, 16].map((length, at) => String(at).repeat(length));
    expect(firsts(await embedder.embed(some))).toEqual([20, 20, 4, 60, 16, 16]);
    expect(model.calls.map((one) => one.texts.map((text) => text.length))).toEqual([[20, 20], [4], [60], [16, 16]]);
  });

  test('counts no more of a text than a model reads that cuts off the rest', async () => {
    const model = Object.assign(new LengthModel(true), { maxBatchTokens: 10, maxInputTokens: 5, truncates: true });
    await anEmbedder(model).embed(['x'.repeat(400), 'y'.repeat(400), 'z'.repeat(400)]);
    expect(model.calls.map((one) => one.texts.length)).toEqual([2, 1]);
  });

  test('waits for its place where the model takes fewer at a time than the operator allows', async () => {
    const model = Object.assign(new LengthModel(true), { maxParallel: 2 });
    await anEmbedder(model, { batchSize: 1, parallel: 8 }).embed(texts(12));
    expect(model.mostRunning).toBe(2);
  });
});

describe('what a model wants', () => {
  const prefixes = { query: 'query: ', document: 'passage: ' };

  test('is put before each text of its purpose', async () => {
    const model = Object.assign(new LengthModel(true), { prefixes });
    const embedder = anEmbedder(model);
    for (const purpose of ['query', 'document', undefined] as const) {
      await embedder.embed(['a'], { ...(purpose && { purpose }) });
    }
    expect(model.calls.map((one) => one.texts)).toEqual([['query: a'], ['passage: a'], ['a']]);
  });

  test('gives way to what the operator sets, as another version', async () => {
    const model = Object.assign(new LengthModel(true), { prefixes });
    const embedder = anEmbedder(model, { queryPrefix: 'ask: ' });
    await embedder.embed(['a'], { purpose: 'query' });
    expect(model.calls[0]?.texts).toEqual(['ask: a']);
    expect(embedder.version).toMatch(/^1\+[0-9a-f]{8}$/);
    expect(embedder.version).not.toBe(anEmbedder(model).version);
    expect(anEmbedder(new LengthModel(true)).version).toBe('1');
  });

  test('is unit length where the operator asks for it', async () => {
    const model = new LengthModel(true);
    const embedder = anEmbedder(model, { normalise: true });
    const { vectors } = await embedder.embed(['four', 'sevenly']);
    for (const vector of vectors) expect(Math.hypot(...vector)).toBeCloseTo(1, 6);
    expect(embedder.normalised).toBe(true);
    expect(anEmbedder(Object.assign(model, { normalised: false })).normalised).toBe(false);
  });
});
