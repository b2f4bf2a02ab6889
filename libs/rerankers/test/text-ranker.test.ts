// Texts are scored once each, in batches, in their order; what a model gives is checked; each attempt has an account.
import { describe, expect, test } from 'vitest';
import { failure, listen, rerankerContract } from '#ports';
import { aRanker, LengthReranker, Notebook } from './builders.js';

const letters = (count: number) => 'x'.repeat(count);

describe('ranking', () => {
  test('gives one score a text, in their order, each text read once', async () => {
    const model = new LengthReranker(false);
    const texts = [letters(30), letters(10), letters(30), letters(20)];
    expect(await aRanker(model).rank('q', texts)).toEqual([0.3, 0.1, 0.3, 0.2]);
    expect(model.calls).toEqual([{ query: 'q', texts: [letters(30), letters(10), letters(20)] }]);
  });

  test('scores a text without a word 0, unread', async () => {
    const model = new LengthReranker(false);
    expect(await aRanker(model).rank('q', ['', letters(10), ' \n'])).toEqual([0, 0.1, 0]);
    expect(model.calls[0]?.texts).toEqual([letters(10)]);
  });

  test('asks nothing where there is nothing to ask', async () => {
    const model = new LengthReranker(true);
    const ranker = aRanker(model);
    expect(await ranker.rank('q', [])).toEqual([]);
    expect(await ranker.rank('q', [' '])).toEqual([0]);
    await expect(ranker.rank(' ', ['a'])).rejects.toMatchObject({
      code: 'rerank.input_refused',
      facts: { position: -1 },
    });
    expect(model.calls).toEqual([]);
  });

  test('takes as many texts at a time as the model does, and some calls side by side', async () => {
    const model = new LengthReranker(true, 2);
    const texts = Array.from({ length: 9 }, (_, at) => letters(at + 1));
    expect(await aRanker(model, { parallel: 3 }).rank('q', texts)).toEqual(texts.map((text) => text.length / 100));
    expect(model.calls.map((one) => one.texts.length)).toEqual([2, 2, 2, 2, 1]);
    expect(model.mostRunning).toBe(3);
  });

  test('asks a local model for one batch after the other', async () => {
    const model = new LengthReranker(false, 1);
    await aRanker(model, { parallel: 3 }).rank('q', ['a', 'bb', 'ccc']);
    expect(model.mostRunning).toBe(1);
  });

  test('heeds a model that learns only by its first reply how many it takes', async () => {
    const model = new LengthReranker(true, 4);
    const usual = model.answer;
    model.answer = (...call) => {
      model.maxBatch = 2;
      return usual(...call);
    };
    await aRanker(model, { parallel: 1 }).rank('q', ['a', 'bb', 'ccc', 'dddd', 'eeeee', 'ffffff', 'ggggggg']);
    expect(model.calls.map((one) => one.texts.length)).toEqual([4, 2, 1]);
  });

  test('ends for a caller that is gone, before and during a call', async () => {
    const model = new LengthReranker(true);
    const ranker = aRanker(model);
    await expect(ranker.rank('q', ['a'], { signal: AbortSignal.abort(new Error('gone')) })).rejects.toThrow('gone');
    expect(model.calls).toEqual([]);
    const leaving = new AbortController();
    model.answer = () => new Promise(() => {});
    const waiting = ranker.rank('q', ['a'], { signal: leaving.signal });
    await expect.poll(() => model.calls.length).toBe(1);
    leaving.abort(new Error('left'));
    await expect(waiting).rejects.toThrow('left');
  });

  test('gives up the other batches when one fails', async () => {
    const model = new LengthReranker(true, 1);
    let others: AbortSignal | undefined;
    model.answer = (_, [text], { signal }) => {
      if (text === 'bad') return Promise.reject(failure('rerank.provider_unauthorised', { provider: 'length' }));
      others = signal;
      return new Promise(() => {});
    };
    const ranking = aRanker(model, { parallel: 2 }).rank('q', ['good', 'bad']);
    await expect(ranking).rejects.toMatchObject({ code: 'rerank.provider_unauthorised' });
    await expect.poll(() => others?.aborted).toBe(true);
  });

  test('ends a model that takes too long, also a local one', async () => {
    const model = new LengthReranker(false);
    model.answer = () => new Promise(() => {});
    await expect(aRanker(model, { timeoutMs: 20 }).rank('q', ['a'])).rejects.toMatchObject({ code: 'call.timeout' });
  });
});

describe('a refused text', () => {
  const refusing = (bad: string, named: boolean) => {
    const model = new LengthReranker(true);
    const usual = model.answer;
    model.answer = (query, texts, options) => {
      const at = texts.indexOf(bad);
      if (at < 0) return usual(query, texts, options);
      const position = named ? at : 'unknown';
      return Promise.reject(failure('rerank.input_refused', { provider: 'length', position }));
    };
    return model;
  };

  test.each([true, false])('is named by its place among all texts (named by the vendor: %s)', async (named) => {
    const ranking = aRanker(refusing('bad', named)).rank('q', ['a', 'a', 'bb', 'bad', 'c']);
    await expect(ranking).rejects.toMatchObject({ code: 'rerank.input_refused', facts: { position: 3 } });
  });

  test('leaves the others their scores, where only all together were too much', async () => {
    const model = new LengthReranker(true);
    const usual = model.answer;
    model.answer = (query, texts, options) =>
      texts.length > 2
        ? Promise.reject(failure('rerank.input_refused', { provider: 'length', position: 'unknown' }))
        : usual(query, texts, options);
    expect(await aRanker(model).rank('q', ['a', 'bb', 'ccc', 'dddd', 'eeeee'])).toEqual([0.01, 0.02, 0.03, 0.04, 0.05]);
  });

  test('is not looked for where it is the question', async () => {
    const model = new LengthReranker(true);
    model.answer = () => Promise.reject(failure('rerank.input_refused', { provider: 'length', position: -1 }));
    await expect(aRanker(model).rank('q', ['a', 'b'])).rejects.toMatchObject({ facts: { position: -1 } });
    expect(model.calls).toHaveLength(1);
  });
});

describe('a reply', () => {
  test.each([
    ['too few scores', [0.5], '1 scores for 2 texts'],
    ['a score above 1', [0.5, 1.2], 'a score outside 0..1'],
    ['a score below 0', [-0.5, 0.5], 'a score outside 0..1'],
    ['what is no number', [0.5, Number.NaN], 'a score outside 0..1'],
  ])('with %s is refused', async (_, scores, reason) => {
    const model = new LengthReranker(true);
    model.answer = async () => ({ scores, tokens: 0 });
    await expect(aRanker(model).rank('q', ['a', 'b'])).rejects.toMatchObject({
      code: 'rerank.reply_invalid',
      facts: { provider: 'length', reason: expect.stringContaining(reason) },
    });
  });

  test('may be rounded past the ends, and is brought back', async () => {
    const model = new LengthReranker(true);
    model.answer = async () => ({ scores: [1.0000001, -0.0000001], tokens: 0 });
    expect(await aRanker(model).rank('q', ['a', 'b'])).toEqual([1, 0]);
  });
});

describe('each attempt of a remote model', () => {
  test('is an account of its tenant, estimated with the question anew for each text', async () => {
    const meter = new Notebook();
    const model = new LengthReranker(true);
    await aRanker(model, {}, meter).rank('a question', ['four', letters(40)], { tenant: 'north' });
    expect(meter.accounts).toEqual([
      {
        tenant: 'north',
        provider: 'length',
        model: 'length',
        operation: 'rerank',
        items: 2,
        estimatedTokens: 1 + 10 + 2 * 3,
        callId: 'call-1',
        outcome: 'spent 2',
      },
    ]);
  });

  test('has an account of its own, named to the vendor; the service bears what no tenant does', async () => {
    const meter = new Notebook();
    const model = new LengthReranker(true);
    const usual = model.answer;
    const named: unknown[] = [];
    model.answer = (query, texts, options) => {
      named.push(options.callId);
      return named.length === 1
        ? Promise.reject(failure('rerank.provider_failed', { provider: 'length', reason: 'status 500' }))
        : usual(query, texts, options);
    };
    await aRanker(model, { retries: 1 }, meter).rank('q', ['a']);
    expect(named).toEqual(['call-1', 'call-2']);
    expect(meter.accounts.map((one) => [one.tenant, one.outcome])).toEqual([
      ['~service', 'uncertain'],
      ['~service', 'spent 1'],
    ]);
  });

  test('is not made where the tenant may not spend', async () => {
    const meter = new Notebook();
    meter.refusal = failure('quota.exceeded', { quota: 'tokensPerDay', limit: 10 });
    const model = new LengthReranker(true);
    await expect(aRanker(model, { retries: 3 }, meter).rank('q', ['a'])).rejects.toMatchObject({
      code: 'quota.exceeded',
    });
    expect(model.calls).toEqual([]);
  });

  test('costs nothing where the model is local', async () => {
    const meter = new Notebook();
    const ranker = aRanker(new LengthReranker(false), {}, meter);
    await ranker.rank('q', ['a'], { tenant: 'north' });
    expect(ranker.billed).toBe(false);
    expect(meter.accounts).toEqual([]);
  });
});

test('each call is announced, with its outcome and what it took', async () => {
  const model = new LengthReranker(false);
  const told: unknown[] = [];
  const stop = listen('provider.call', (message) => told.push(message));
  const ranker = aRanker(model);
  await ranker.rank('q', ['a', 'b']);
  model.answer = () => Promise.reject(new TypeError('odd'));
  await ranker.rank('q', ['a']).catch(() => {});
  stop();
  const call = { family: 'reranker', provider: 'length', operation: 'rerank', durationMs: expect.any(Number) };
  expect(told).toEqual([
    { ...call, outcome: 'ok', items: 2, tokens: 2 },
    { ...call, outcome: 'internal.unexpected', items: 1 },
  ]);
});

test('a ranker names its model, closes it, and may be closed twice', async () => {
  const model = new LengthReranker(true);
  const ranker = aRanker(model);
  expect(ranker).toMatchObject({ provider: 'length', model: 'length', billed: true });
  await ranker.close();
  await ranker.close();
  expect(model.closed).toBe(2);
  await expect(ranker.rank('q', ['a'])).rejects.toMatchObject({ code: 'call.failed' });
});

describe('proving a model', () => {
  test('asks a remote one for one score, and a local one for none', async () => {
    const [remote, local] = [new LengthReranker(true), new LengthReranker(false)];
    await aRanker(remote).prove();
    await aRanker(local).prove();
    expect([remote.calls.length, local.calls.length]).toEqual([1, 0]);
  });

  test.each([
    [failure('rerank.provider_failed', { provider: 'length', reason: 'status 500' }), true],
    [failure('usage.unavailable', { provider: 'length' }), true],
    [failure('rerank.provider_unauthorised', { provider: 'length' }), false],
    [failure('provider.options', { name: 'length', problems: 'model' }), false],
  ])('passes over what may pass: %s', async (problem, passes) => {
    const model = new LengthReranker(true);
    model.answer = () => Promise.reject(problem);
    const proven = aRanker(model, { retries: 3 }).prove(new AbortController().signal);
    await (passes ? expect(proven).resolves.toBeUndefined() : expect(proven).rejects.toBe(problem));
    expect(model.calls).toHaveLength(1);
  });
});

describe('the contract', () => {
  const named = (part: string) =>
    rerankerContract(async () => broken)
      .find(({ name }) => name.includes(part))!
      .run();
  const broken = new LengthReranker(false);

  test.each([
    ['names its provider', 'maxBatch', () => Object.assign(broken, { maxBatch: 0 })],
    ['each from 0 to 1', 'every score', () => (broken.answer = async () => ({ scores: [2, 2, 2, 2], tokens: 0 }))],
    ['scores a text that answers', '', () => (broken.answer = async () => ({ scores: [0.5], tokens: 0 }))],
    [
      'whatever stands beside',
      'score',
      () =>
        (broken.answer = async (_, texts) => ({ scores: texts.map(() => Math.min(1, texts.length / 4)), tokens: 0 })),
    ],
    ['a caller that is gone', '', () => {}],
  ])('is broken by a model that does not keep it: %s', async (part, says, breaking) => {
    broken.maxBatch = 100;
    breaking();
    await expect(named(part)).rejects.toThrow(says);
  });
});
