// A tenant that asks for much at once does not keep another waiting behind all of it.
import { expect, test } from 'vitest';
import { TenantTurns } from '#resilience';
import { OpenAiDouble } from '../doubles/openai.js';
import { gate, until } from '../support/questions.js';
import { startTestServer } from '../support/server.js';

const MUCH = 40;

async function aServer(env: Record<string, string>) {
  const openai = await OpenAiDouble.start();
  const server = await startTestServer({
    CACHE_BACKEND: 'memory',
    EMBEDDING_PROVIDER: 'openai',
    EMBEDDING_BASE_URL: openai.url,
    EMBEDDING_MODEL: 'acme',
    EMBEDDING_DIMENSIONS: '8',
    EMBEDDING_PARALLEL: '8',
    EMBEDDING_GATHER: '0ms',
    ...env,
  });
  openai.reset();
  const embed = (tenant: string, input: string) =>
    server.send('POST', '/api/embeddings', { token: server.token({ tenant }), body: { input } });
  const texts = () => openai.requests.map(({ body }) => String([body.input].flat()[0]));
  const stop = async () => {
    await server.stop();
    await openai.stop();
  };
  const turns = server.server.app.get(TenantTurns);
  return { openai, embed, texts, turns, stop };
}

/** Opens the gate again and again, until all are answered. */
async function letAllThrough(asked: readonly Promise<unknown>[], open: () => void): Promise<void> {
  let left = true;
  void Promise.allSettled(asked).then(() => {
    left = false;
  });
  await until(() => {
    open();
    return !left;
  });
}

test('the request of a quiet tenant is worked on after one of a noisy tenant, not after all of them', async () => {
  const { openai, embed, texts, turns, stop } = await aServer({ SLOW_WORK_CONCURRENCY: '2', TENANT_CONCURRENCY: '2' });
  const { behaviour, open } = gate();
  openai.always(behaviour);
  const noisy = Array.from({ length: MUCH }, (_, at) => embed('noisy', `noisy ${at}`));
  await until(() => texts().length === 2);
  const quiet = embed('quiet', 'quiet');
  await until(() => turns.waiting === MUCH - 2 + 1);
  await letAllThrough([...noisy, quiet], open);
  // Two were under way, and one more noisy text may come first.
  expect(texts().indexOf('quiet')).toBeLessThanOrEqual(3);
  expect((await Promise.all(noisy)).every(({ status }) => status === 200)).toBe(true);
  await stop();
});

test('what is more than may wait is refused to the noisy tenant alone', async () => {
  const env = { SLOW_WORK_CONCURRENCY: '2', TENANT_CONCURRENCY: '1', TENANT_QUEUE: '3' };
  const { openai, embed, texts, stop } = await aServer(env);
  const { behaviour, open } = gate();
  openai.always(behaviour);
  const noisy = Array.from({ length: MUCH }, (_, at) => embed('noisy', `noisy ${at}`));
  await until(() => texts().length === 1);
  const quiet = embed('quiet', 'quiet');
  // The quiet tenant's work begins while the noisy one's is held: a tenant may not have all places.
  await until(() => texts().includes('quiet'));
  const codes: string[] = [];
  for (const one of noisy) void one.then(({ json }) => json.code && codes.push(json.code));
  await until(() => codes.length === MUCH - 4);
  expect(new Set(codes)).toEqual(new Set(['tenant.crowded']));
  await letAllThrough([...noisy, quiet], open);
  expect(codes).toHaveLength(MUCH - 4);
  expect((await quiet).status).toBe(200);
  await stop();
});
