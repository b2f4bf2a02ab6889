// Every attempt to call a model that bills is an account of its own, and is settled by how it ended.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Embedder, openEmbedder } from '#embeddings';
import { failure, Meter, type MeteredCall, type OpenAccount } from '#ports';
import { estimatedTokens } from '#resilience';
import { behaving, OpenAiDouble } from '../../../test/doubles/openai.js';
import { aConfig, anOpenAiModel, LengthModel } from './builders.js';

interface Account extends MeteredCall {
  callId: string;
  outcome?: string;
}

/** A meter that writes down what it is told. */
class Notebook extends Meter {
  readonly accounts: Account[] = [];
  refusal: Error | undefined;
  begun = async (): Promise<void> => {};

  async begin(call: MeteredCall): Promise<OpenAccount> {
    if (this.refusal) throw this.refusal;
    const account: Account = { ...call, callId: `call-${this.accounts.length + 1}` };
    this.accounts.push(account);
    await this.begun();
    const settle = async (outcome: string) => {
      account.outcome = outcome;
    };
    return {
      callId: account.callId,
      spent: (tokens) => settle(`spent ${tokens}`),
      free: () => settle('free'),
      uncertain: () => settle('uncertain'),
    };
  }

  get outcomes() {
    return this.accounts.map((one) => one.outcome);
  }
}

let double: OpenAiDouble;
beforeAll(async () => {
  double = await OpenAiDouble.start();
});
afterEach(() => double.reset());
afterAll(() => double.stop());

async function anAccountedEmbedder(o: { timeoutMs?: number; retries?: number; baseUrl?: string } = {}) {
  const meter = new Notebook();
  const model = await anOpenAiModel(o.baseUrl ?? double.url, { model: 'acme' });
  const embedder = new Embedder(model, { batchSize: 2, parallel: 1, timeoutMs: 2000, retries: 0, ...o }, meter);
  return { embedder, meter };
}

describe('an attempt', () => {
  test('is noted for its tenant before it is made, and settled by what the vendor counted', async () => {
    const { embedder, meter } = await anAccountedEmbedder();
    await embedder.embed(['one two three', 'four'], { tenant: 'north', purpose: 'query' });
    expect(meter.accounts).toEqual([
      {
        tenant: 'north',
        provider: 'openai',
        model: 'acme',
        operation: 'embedding',
        items: 2,
        estimatedTokens: 5,
        callId: 'call-1',
        outcome: 'spent 5',
      },
    ]);
  });

  test('carries the name of its account to the vendor', async () => {
    const { embedder } = await anAccountedEmbedder();
    await embedder.embed(['a', 'b', 'c']);
    expect(double.requests.map((one) => one.headers['x-client-request-id'])).toEqual(['call-1', 'call-2']);
  });

  test('is the service’s own where no tenant is named', async () => {
    const { embedder, meter } = await anAccountedEmbedder();
    await embedder.embed(['a']);
    expect(meter.accounts[0]!.tenant).toBe('~service');
  });

  test('is not made where the tenant may not spend, nor repeated', async () => {
    const { embedder, meter } = await anAccountedEmbedder({ retries: 3 });
    meter.refusal = failure('quota.exceeded', { quota: 'tokensPerDay', limit: 10 });
    await expect(embedder.embed(['a'])).rejects.toMatchObject({ code: 'quota.exceeded' });
    expect(double.requests).toEqual([]);
  });

  test('that follows a failed one has an account of its own', async () => {
    const { embedder, meter } = await anAccountedEmbedder({ retries: 1 });
    double.next(behaving.serverError(500));
    await embedder.embed(['a']);
    expect(meter.outcomes).toEqual(['free', 'spent 1']);
  });

  test('is paid for though its reply is of no use', async () => {
    const { embedder, meter } = await anAccountedEmbedder();
    await embedder.embed(['a']);
    double.next(behaving.withDimensions(3));
    await expect(embedder.embed(['b'])).rejects.toMatchObject({ code: 'embedding.dimension_mismatch' });
    expect(meter.outcomes).toEqual(['spent 1', 'spent 1']);
  });

  test('given up before it was sent costs nothing', async () => {
    const { embedder, meter } = await anAccountedEmbedder();
    const leaving = new AbortController();
    meter.begun = async () => leaving.abort(new Error('gone'));
    await expect(embedder.embed(['a'], { signal: leaving.signal })).rejects.toThrow('gone');
    await expect.poll(() => meter.outcomes).toEqual(['free']);
    expect(double.requests).toEqual([]);
  });

  test('nobody waits for any more is settled all the same', async () => {
    const { embedder, meter } = await anAccountedEmbedder({ timeoutMs: 50 });
    double.next(behaving.hanging());
    await expect(embedder.embed(['a'])).rejects.toMatchObject({ code: 'call.timeout' });
    await expect.poll(() => meter.outcomes).toEqual(['uncertain']);
  });
});

test.each([
  ['a refused input', behaving.refusingText('a', { named: true }), 'free'],
  ['a refused key', behaving.unauthorised(), 'free'],
  ['a rate limit', behaving.rateLimited(), 'free'],
  ['a used up quota', behaving.outOfQuota(), 'free'],
  ['an error of the server', behaving.serverError(503), 'free'],
  ['a gateway without an answer', behaving.serverError(504), 'uncertain'],
  ['a gateway with a bad answer', behaving.serverError(502), 'uncertain'],
  ['a dropped connection', behaving.dropping(), 'uncertain'],
  ['a reply broken off', behaving.truncated(), 'uncertain'],
  ['a reply that is not JSON', behaving.saying('<html>'), 'uncertain'],
])('after %s the account is %s', async (_, behaviour, outcome) => {
  const { embedder, meter } = await anAccountedEmbedder();
  double.next(behaviour);
  await expect(embedder.embed(['a'])).rejects.toThrow();
  expect(meter.outcomes).toEqual([outcome]);
});

test('where nobody listens nothing was sent, and nothing is billed', async () => {
  const closed = await OpenAiDouble.start();
  const { embedder, meter } = await anAccountedEmbedder({ baseUrl: closed.url });
  await closed.stop();
  await expect(embedder.embed(['a'])).rejects.toThrow();
  expect(meter.outcomes).toEqual(['free']);
});

test('a provider of other making says by its failure that it did not do the work', async () => {
  const meter = new Notebook();
  const model = new LengthModel(true);
  model.answer = () => Promise.reject(failure('embedding.quota_exhausted', { provider: 'length' }));
  const embedder = new Embedder(model, { batchSize: 2, parallel: 1, timeoutMs: 2000, retries: 0 }, meter);
  await expect(embedder.embed(['a'])).rejects.toThrow();
  model.answer = () => Promise.reject(new TypeError('who knows'));
  await expect(embedder.embed(['a'])).rejects.toThrow();
  expect(meter.outcomes).toEqual(['free', 'uncertain']);
});

test('a local model costs nothing and is not metered', async () => {
  const meter = new Notebook();
  const embedder = new Embedder(
    new LengthModel(false),
    { batchSize: 2, parallel: 1, timeoutMs: 2000, retries: 0 },
    meter,
  );
  await embedder.embed(['a'], { tenant: 'north' });
  expect(meter.accounts).toEqual([]);
});

describe('at boot', () => {
  const config = () =>
    aConfig({
      EMBEDDING_PROVIDER: 'openai',
      EMBEDDING_BASE_URL: double.url,
      EMBEDDING_MODEL: 'acme',
      EMBEDDING_RETRIES: '0',
    });

  test('the proof of the model is noted too', async () => {
    const meter = new Notebook();
    await (await openEmbedder(config(), { plugins: [], meter })).close();
    expect(meter.accounts).toMatchObject([{ tenant: '~service', outcome: 'spent 3' }]);
  });

  test('records that are down do not keep the server from starting', async () => {
    const meter = new Notebook();
    meter.refusal = failure('usage.unavailable', { provider: 'openai' });
    await (await openEmbedder(config(), { plugins: [], meter })).close();
    expect(double.requests).toEqual([]);
  });
});

test('tokens are estimated by the bytes of a text, and each text is one at least', () => {
  expect(estimatedTokens(['a', 'abcd', 'abcde', '日本語'])).toBe(1 + 1 + 2 + 3);
  expect(estimatedTokens([])).toBe(0);
});
