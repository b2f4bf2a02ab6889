// The configuration chooses the reranker; what would fail for ever stops the boot, and what may pass does not.
import { Test } from '@nestjs/testing';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { configToken, environmentSources, readConfig, runtimeSection } from '#config';
import { ConfigModule } from '#config/module';
import { openReranker, rerankersSection, TextRanker } from '#rerankers';
import { RerankersModule } from '#rerankers/module';
import { CohereDouble } from '../../../test/doubles/cohere.js';
import { TeiRerankerDouble } from '../../../test/doubles/tei-reranker.js';
import { tinyReranker } from '../../../test/support/tiny-model.js';
import { ANSWER, aConfig, Notebook, OTHER, QUESTION } from './builders.js';

let cohere: CohereDouble;
let tei: TeiRerankerDouble;
beforeAll(async () => {
  [cohere, tei] = await Promise.all([CohereDouble.start({ apiKey: 'co-test' }), TeiRerankerDouble.start()]);
});
afterEach(() => {
  cohere.always();
  cohere.requests.length = 0;
});
afterAll(async () => {
  await Promise.all([cohere.stop(), tei.stop()]);
});

const opened = (env: Record<string, string>, plugins: string[] = []) => openReranker(aConfig(env), { plugins });
const cohereEnv = (more: Record<string, string> = {}) => ({
  RERANK_PROVIDER: 'cohere',
  RERANK_URL: cohere.base,
  RERANK_API_KEY: 'co-test',
  ...more,
});

describe('the provider', () => {
  test('is none, unless one is named', async () => {
    expect(await opened({})).toBeUndefined();
  });

  test('of the configuration ranks', async () => {
    const tiny = await tinyReranker();
    const environments: Record<string, string>[] = [
      cohereEnv(),
      { RERANK_PROVIDER: 'tei', RERANK_URL: tei.url },
      { RERANK_PROVIDER: 'onnx', RERANK_MODEL: tiny.folder, RERANK_OPTIONS: '{"threads":1}' },
    ];
    for (const env of environments) {
      const ranker = (await opened(env))!;
      const [other, answer] = await ranker.rank(QUESTION, [OTHER, ANSWER]);
      expect(answer, ranker.provider).toBeGreaterThan(other!);
      await ranker.close();
    }
    await tiny.remove();
  });

  test('may come from a package that is listed', async () => {
    const plugin = new URL('./acme-plugin.ts', import.meta.url).href;
    const env = { RERANK_PROVIDER: 'acme', RERANK_MODEL: 'big', RERANK_OPTIONS: '{"flavour":"plain"}' };
    const ranker = await opened(env, [plugin]);
    expect(ranker?.model).toBe('{"flavour":"plain","model":"big"}');
    await expect(opened({ RERANK_PROVIDER: 'nobody' })).rejects.toMatchObject({
      code: 'provider.unknown',
      message: expect.stringContaining('cohere, onnx, tei'),
    });
  });

  test('refuses options that it does not know, and credentials in its address', async () => {
    const wrong = { code: 'provider.options' };
    await expect(opened(cohereEnv({ RERANK_OPTIONS: '{"nonsense":1}' }))).rejects.toMatchObject(wrong);
    await expect(opened(cohereEnv({ RERANK_URL: 'http://me:pw@x.example' }))).rejects.toMatchObject(wrong);
    const env = { RERANK_PROVIDER: 'tei', RERANK_URL: 'http://me:pw@x.example' };
    await expect(opened(env)).rejects.toMatchObject(wrong);
  });
});

describe('the boot', () => {
  test.each([
    ['a refused key', { RERANK_API_KEY: 'other' }, 'rerank.provider_unauthorised'],
    ['an unknown model', { RERANK_MODEL: 'nonsense' }, 'rerank.provider_failed'],
  ])('is stopped by what would fail for ever: %s', async (_, env, code) => {
    await expect(opened(cohereEnv(env))).rejects.toMatchObject({ code });
    expect(cohere.requests).toHaveLength(1);
  });

  test.each([
    ['errors', { status: 500 }],
    ['limits', { status: 429, headers: { 'retry-after': '30' } }],
    ['silence', 'hang' as const],
  ])('is not stopped by what may pass: %s', async (_, plan) => {
    cohere.next(plan);
    const ranker = await opened(cohereEnv({ RERANK_TIMEOUT: '50ms' }));
    expect(await ranker!.rank(QUESTION, [ANSWER])).toHaveLength(1);
    await ranker!.close();
  });

  test('ends for a signal that is aborted', async () => {
    cohere.always('hang');
    const boot = new AbortController();
    const opening = openReranker(aConfig(cohereEnv()), { plugins: [], signal: boot.signal });
    await expect.poll(() => cohere.requests.length).toBe(1);
    boot.abort(new Error('stopping'));
    await expect(opening).rejects.toThrow('stopping');
  });
});

describe('the section', () => {
  test.each([
    [{ RERANK_PROVIDER: 'cohere' }, /RERANK_API_KEY .*must be set for api.cohere.com/],
    [{ RERANK_PROVIDER: 'tei' }, /RERANK_URL .*must say where/],
    [{ RERANK_PROVIDER: 'onnx' }, /RERANK_MODEL .*must name the folder/],
  ])('wants what the provider needs: %j', (env, says) => {
    expect(() => aConfig(env)).toThrow(says);
  });

  test('has the documented defaults', () => {
    expect(aConfig()).toEqual({
      provider: 'none',
      model: undefined,
      url: undefined,
      apiKey: undefined,
      timeoutMs: 10_000,
      options: {},
    });
  });
});

describe('the module', () => {
  const started = async (env: Record<string, string>) => {
    const sections = [rerankersSection, runtimeSection];
    const values = readConfig(sections, environmentSources({ env, envFile: false }));
    const app = await Test.createTestingModule({
      imports: [ConfigModule.forRoot(sections, values), RerankersModule],
    }).compile();
    expect(app.get(configToken(rerankersSection))).toBe(values.rerankers);
    return app;
  };

  test('gives one ranker, and closes it at shutdown', async () => {
    const app = await started(cohereEnv());
    const ranker = app.get(TextRanker);
    expect(await ranker.rank(QUESTION, [ANSWER])).toHaveLength(1);
    await app.close();
    await expect(ranker.rank(QUESTION, [ANSWER])).rejects.toMatchObject({ code: 'call.failed' });
  });

  test('gives null where there is none', async () => {
    const app = await started({});
    expect(app.get(TextRanker)).toBeNull();
    await app.close();
  });
});

test('the proof of the model at boot is noted by the meter', async () => {
  const meter = new Notebook();
  await (await openReranker(aConfig(cohereEnv()), { plugins: [], meter }))!.close();
  expect(meter.accounts).toMatchObject([{ tenant: '~service', operation: 'rerank', outcome: 'spent 1000' }]);
});
