// An attempt that bills has an account before it is made, and the account is settled by how it ended.
import { describe, expect, test } from 'vitest';
import { failure, Meter, type MeteredCall, type OpenAccount } from '#ports';
import { estimatedTokens, HttpRefusal, metered } from '#resilience';

const CALL: MeteredCall = {
  tenant: 'north',
  provider: 'acme',
  model: 'acme',
  operation: 'rerank',
  items: 1,
  estimatedTokens: 3,
};

class Notebook extends Meter {
  readonly outcomes: string[] = [];

  async begin(): Promise<OpenAccount> {
    const settle = async (outcome: string) => void this.outcomes.push(outcome);
    return {
      callId: 'call-1',
      spent: (tokens) => settle(`spent ${tokens}`),
      free: () => settle('free'),
      uncertain: () => settle('uncertain'),
    };
  }
}

const outcomeOf = async (
  run: (callId: string) => Promise<{ tokens: number }>,
  signal = new AbortController().signal,
) => {
  const meter = new Notebook();
  const ended = await metered(meter, CALL, { signal, run }).catch((error: unknown) => error);
  return { ended, outcomes: meter.outcomes };
};

test('what was answered is spent, under the name that the call was given', async () => {
  const { ended, outcomes } = await outcomeOf(async (callId) => ({ tokens: callId.length }));
  expect(ended).toEqual({ tokens: 6 });
  expect(outcomes).toEqual(['spent 6']);
});

test('what was given up before it was sent costs nothing', async () => {
  const { ended, outcomes } = await outcomeOf(() => Promise.reject(new Error('sent')), AbortSignal.abort('gone'));
  expect(ended).toBe('gone');
  expect(outcomes).toEqual(['free']);
});

describe('what failed', () => {
  const refused = (status: number) =>
    failure('call.refused', { target: 'acme', status }, { cause: new HttpRefusal(status, '') });
  const coded = (code: string) => Object.assign(new Error('no connection'), { code });

  test.each([
    ['refused', refused(429), 'free'],
    ['not answered behind a gateway', refused(502), 'uncertain'],
    ['not answered behind a gateway in time', refused(504), 'uncertain'],
    ['never sent', failure('call.failed', { target: 'acme', reason: 'x' }, { cause: coded('ECONNREFUSED') }), 'free'],
    [
      'broken off',
      failure('call.failed', { target: 'acme', reason: 'x' }, { cause: coded('ECONNRESET') }),
      'uncertain',
    ],
    ['refused as an input', failure('rerank.input_refused', { provider: 'acme', position: 0 }), 'free'],
    ['without quota', failure('embedding.quota_exhausted', { provider: 'acme' }), 'free'],
    ['late', failure('call.timeout', { target: 'acme', limitMs: 1 }), 'uncertain'],
    ['of unknown making', 'a string', 'uncertain'],
  ])('%s', async (_, error, outcome) => {
    expect(await outcomeOf(() => Promise.reject(error))).toEqual({ ended: error, outcomes: [outcome] });
  });
});

test('tokens are estimated by the bytes of a text, and each text is one at least', () => {
  expect(estimatedTokens(['a', 'abcd', 'abcde', '日本語'])).toBe(1 + 1 + 2 + 3);
  expect(estimatedTokens([])).toBe(0);
});
