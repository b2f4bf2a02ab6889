// A provider that fails, is late or refuses is named, never waited for too long, and costs no answer that the cache holds.
import { describe, expect, it } from 'vitest';
import { behaving } from '../doubles/openai.js';
import { API_KEY, aTenant, embedded, gate, openai, until, useQuestions, withServer } from '../support/questions.js';

useQuestions();

describe('a provider that fails', () => {
  it.each([
    ['is down', behaving.serverError(503), 502, 'embedding.provider_failed'],
    ['breaks the connection', behaving.dropping(), 502, 'embedding.provider_failed'],
    ['answers nonsense', behaving.saying('<html>'), 502, 'embedding.reply_invalid'],
    ['limits our rate', behaving.rateLimited('7'), 502, 'embedding.provider_failed'],
    ['has no quota left for us', behaving.outOfQuota(), 502, 'embedding.quota_exhausted'],
    ['refuses the text', behaving.refusingText('odd', { named: true }), 422, 'embedding.input_refused'],
  ])('is named where it %s', async (_, behaviour, status, code) => {
    const { ask } = await aTenant();
    openai.next(behaviour);
    const failed = await ask('odd');
    expect(failed).toMatchObject({ status, json: { status, code } });
    expect(failed.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    // The next one is answered, and nothing of the failure was kept.
    expect((await ask('odd')).json).toMatchObject({ source: 'vectordb' });
  });

  it('is named with the variable where it refuses the key, and the key is never told', async () => {
    const { ask } = await aTenant();
    openai.next(behaving.unauthorised());
    const failed = await ask('x');
    expect(failed).toMatchObject({ status: 502, json: { code: 'embedding.provider_unauthorised' } });
    expect(failed.json.detail).toContain('EMBEDDING_API_KEY');
    expect(failed.text).not.toContain(API_KEY);
    await ask('x');
  });

  it('does not keep answers from being served that the cache holds', async () => {
    const { ask, write } = await aTenant();
    await write('known', 'answer');
    openai.next(behaving.serverError());
    expect((await ask('unknown')).status).toBe(502);
    expect((await ask('known')).json).toMatchObject({ hit: true, result: 'answer' });
  });

  it('fails one flight for all who wait for it', async () => {
    const { ask } = await aTenant();
    let fail = () => {};
    openai.next((exchange) => {
      fail = () => behaving.serverError()(exchange);
    });
    const asked = [ask('x'), ask('x')];
    await until(() => openai.requests.length > 0);
    // The second may come only after the first has failed; then it is answered honestly.
    fail();
    const statuses = (await Promise.all(asked)).map((one) => one.status);
    expect(statuses).toContain(502);
  });

  it('is not waited for beyond the limit of one attempt', async () => {
    await withServer({ EMBEDDING_TIMEOUT: '50ms' }, async (at) => {
      const { ask } = await aTenant({ at });
      openai.next(behaving.hanging());
      expect(await ask('x')).toMatchObject({ status: 504, json: { code: 'call.timeout' } });
    });
  });

  it('is not waited for beyond the deadline of the request, hot or not', async () => {
    for (const hot of ['true', 'false']) {
      await withServer({ REQUEST_TIMEOUT: '2s', HTTP_HOT_ROUTES: hot }, async (at) => {
        const { ask } = await aTenant({ at });
        const { behaviour, open } = gate();
        openai.next(behaviour);
        expect(await ask('x')).toMatchObject({ status: 504, json: { code: 'request.late' } });
        // What was under way goes on, and serves the next.
        open();
        await until(async () => (await ask('x')).json.hit === true);
        expect(embedded()).toEqual(['x']);
      });
    }
  });

  it('is not called for a while once it failed again and again: 503, at once', async () => {
    await withServer({}, async (at) => {
      const { ask } = await aTenant({ at });
      openai.always(behaving.serverError());
      for (let index = 0; index < 5; index++) expect((await ask(`q${index}`)).status).toBe(502);
      const refused = await ask('another');
      expect(refused).toMatchObject({ status: 503, json: { code: 'call.open_circuit' } });
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(openai.requests).toHaveLength(5);
    });
  });
});
