// In the container the embedder is metered, quotas are in force, and nothing that waits is lost at shutdown.
import 'reflect-metadata';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Test } from '@nestjs/testing';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { environmentSources, readConfig, runtimeSection } from '#config';
import { ConfigModule } from '#config/module';
import { Embedder, embeddingSection } from '#embeddings';
import { EmbeddingsModule } from '#embeddings/module';
import { Meter, SERVICE_ACCOUNT } from '#ports';
import { RecordsModule } from '#records/module';
import { TenantTurns } from '#resilience';
import { Ledger, Quotas, UsageReports, usageSection } from '#usage';
import { UsageModule } from '#usage/module';
import { OpenAiDouble } from '../../../test/doubles/openai.js';
import { announceHit } from '../../../test/support/announced.js';

let openai: OpenAiDouble;
let dataDir: string;
beforeAll(async () => {
  openai = await OpenAiDouble.start();
});
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'resk-usage-'));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));
afterAll(() => openai.stop());

class StorageQuota {}

async function start(env: Record<string, string> = {}, o: Parameters<typeof UsageModule.forRoot>[0] = {}) {
  const all = {
    EMBEDDING_PROVIDER: 'openai',
    EMBEDDING_BASE_URL: openai.url,
    EMBEDDING_MODEL: 'acme',
    USAGE_PRICES: JSON.stringify([
      { provider: 'openai', model: 'acme', from: '2026-01-01', perMillionTokens: '1', currency: 'USD' },
    ]),
    ...env,
  };
  const sections = [runtimeSection, embeddingSection, usageSection] as const;
  const config = readConfig(sections, environmentSources({ env: all, envFile: false }));
  const records = { cacheBackend: 'sqlite', dataDir, redisPrefix: 'resk', storeTimeoutMs: 1000 } as const;
  const built = await Test.createTestingModule({
    imports: [
      ConfigModule.forRoot(sections, config),
      RecordsModule.forRoot(records),
      EmbeddingsModule,
      UsageModule.forRoot(o),
    ],
  }).compile();
  return built.init();
}

const today = () => ({ from: Date.now(), to: Date.now() + 1, by: 'day' }) as const;

test('every call of the embedder is in the ledger, the proof at boot too, and outlives the process', async () => {
  const app = await start();
  expect(app.get(Meter)).toBe(app.get(Ledger));
  await app.get(Embedder).embed(['four', 'five!'], { tenant: 'north' });
  announceHit('north', { provider: 'openai', model: 'acme', tokens: 30 });
  await app.close();
  const again = await start();
  const totals = async (tenant: string) => (await again.get(UsageReports).read(tenant, today())).totals;
  expect(await totals('north')).toEqual({
    spent: { calls: 1, tokens: 3, money: '0.000003' },
    avoided: { calls: 1, tokens: 30, money: '0.00003' },
    uncertain: { calls: 0, tokens: 0, money: '0.00' },
  });
  expect((await totals(SERVICE_ACCOUNT)).spent).toMatchObject({ calls: 2 });
  await again.close();
});

test('the server’s own quotas hold for every tenant, and slow work is done in turn', async () => {
  const app = await start({
    QUOTA_TOKENS_PER_DAY: '2',
    SLOW_WORK_CONCURRENCY: '1',
    TENANT_CONCURRENCY: '1',
    TENANT_QUEUE: '0',
  });
  const embed = () => app.get(Embedder).embed(['four', 'five!'], { tenant: 'north' });
  await expect(embed()).rejects.toMatchObject({ code: 'quota.exceeded', facts: { quota: 'tokensPerDay' } });
  const turns = app.get(TenantTurns);
  const first = turns.run('north', () => new Promise((resolve) => setImmediate(resolve)));
  await expect(turns.run('north', async () => undefined)).rejects.toMatchObject({ code: 'tenant.crowded' });
  await first;
  await app.close();
});

test('the cache asks by the token that it is given', async () => {
  const app = await start({ QUOTA_STORED_ENTRIES: '0' }, { storageQuota: StorageQuota });
  expect(app.get(StorageQuota)).toBe(app.get(Quotas).stored);
  await app.close();
});
