// How long an answer is true, served stale, or remembered as missing.
import { describe, expect, it } from 'vitest';
import { behaving } from '../doubles/openai.js';
import { aTenant, clock, embedded, gate, ids, openai, until, useQuestions, withServer } from '../support/questions.js';

useQuestions();

describe('how long an answer is true', () => {
  it('is what the question says, else what the operator says', async () => {
    const { ask } = await aTenant();
    const at = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();
    expect((await ask('short', { ttl: 60 })).json.expiresAt).toBe(at(60));
    expect((await ask('usual')).json.expiresAt).toBe(at(3600));
    clock.advance(59);
    expect((await ask('short')).json).toMatchObject({ hit: true, age: 59 });
    clock.advance(1);
    expect((await ask('short')).json).toMatchObject({ hit: false, source: 'vectordb' });
    expect((await ask('usual')).json).toMatchObject({ hit: true, age: 60 });
  });

  it('is never prolonged by reading', async () => {
    const { ask, write } = await aTenant({ texts: [] });
    await write('hello', 'hi', { ttl: 10 });
    for (let second = 0; second < 10; second++) {
      expect((await ask('hello')).json).toMatchObject({ hit: true, age: second });
      clock.advance(1);
    }
    expect((await ask('hello')).json).toMatchObject({ hit: false });
  });
});

describe('a stale answer', () => {
  const stale = { CACHE_TTL: '60s', CACHE_STALE: '60s' };

  it('is served at once and refreshed behind, once for all who ask', async () => {
    await withServer(stale, async (at) => {
      const { ask, upsert } = await aTenant({ at, texts: ['old'] });
      const old = await ask('news?');
      await upsert([{ id: 'd1', text: 'new' }]);
      clock.advance(61);
      openai.reset();
      const { behaviour, open } = gate();
      openai.always(behaviour);
      const replies = await Promise.all(Array.from({ length: 20 }, () => ask('news?')));
      for (const { json, headers } of replies) {
        expect(json).toMatchObject({ hit: true, status: 'stale', source: 'cache', age: 61, result: old.json.result });
        expect(headers.get('x-cache-status')).toBe('stale');
        expect(headers.get('cache-status')).toBe('resk-caching; hit; ttl=-1; detail=memory');
      }
      open();
      await until(async () => (await ask('news?')).json.status === 'hit');
      expect(ids(await ask('news?'))).toHaveLength(2);
      expect(embedded()).toEqual(['news?']);
    });
  });

  it('is served while the provider is down', async () => {
    await withServer(stale, async (at) => {
      const { ask } = await aTenant({ at });
      await ask('news?');
      clock.advance(61);
      openai.always(behaving.serverError());
      expect((await ask('news?')).json).toMatchObject({ status: 'stale' });
      await until(() => openai.requests.length > 1);
      expect((await ask('news?')).json).toMatchObject({ status: 'stale' });
      clock.advance(60);
      expect(await ask('news?')).toMatchObject({ status: 502, json: { code: 'embedding.provider_failed' } });
    });
  });

  it('is not served any more, not even as stale, once its document is deleted', async () => {
    await withServer(stale, async (at) => {
      const { ask, drop } = await aTenant({ at, texts: ['gone tomorrow'] });
      expect(ids(await ask('here?'))).toEqual(['d0']);
      await drop(['d0']);
      expect((await ask('here?')).json).toMatchObject({ status: 'miss', result: null });
      clock.advance(61);
      expect((await ask('here?')).json).toMatchObject({ status: 'miss', result: null });
    });
  });

  it('is left as it is where it was written by hand: nobody can make it anew', async () => {
    const { ask, write } = await aTenant();
    await write('hello', 'hi', { ttl: 10, staleTtl: 10 });
    clock.advance(15);
    expect((await ask('hello')).json).toMatchObject({ hit: true, status: 'stale', result: 'hi' });
    expect((await ask('hello', { vector: { k: 1 } })).json).toMatchObject({ status: 'stale', result: 'hi' });
    clock.advance(5);
    expect((await ask('hello')).json).toMatchObject({ hit: false, source: 'vectordb' });
    expect(embedded()).toEqual(['hello']);
  });
});

describe('a question without an answer', () => {
  const far = { VECTOR_THRESHOLD: '1' };

  it('is asked again each time where nothing is remembered of it, whatever ttl it asks for', async () => {
    await withServer(far, async (at) => {
      const { ask } = await aTenant({ at });
      for (const more of [{}, { ttl: 3600 }, {}]) {
        const reply = await ask('far?', more);
        expect(reply.json).toMatchObject({ result: null, status: 'miss', source: 'none', tier: null, expiresAt: null });
      }
      expect(embedded()).toHaveLength(3);
    });
  });

  it('is remembered for CACHE_NEGATIVE_TTL', async () => {
    await withServer({ ...far, CACHE_NEGATIVE_TTL: '30s', CACHE_STALE: '60s' }, async (at) => {
      const { ask } = await aTenant({ at });
      await ask('far?');
      const again = await ask('far?');
      expect(again.json).toMatchObject({ result: null, hit: false, status: 'miss', source: 'none', tier: 'memory' });
      expect(again.headers.get('x-cache-status')).toBe('miss');
      expect(again.headers.get('cache-status')).toBe('resk-caching; hit; ttl=30; detail=negative');
      expect(embedded()).toHaveLength(1);
      clock.advance(30);
      await ask('far?');
      expect(embedded()).toHaveLength(2);
    });
  });
});
