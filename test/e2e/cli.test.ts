// The command line against the real server: documents in, questions through, tokens that fit, on examples and on real queries.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { resk as commandLine } from '../support/command-line.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { describeWithShared, sharedFile } from '../support/shared-folder.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

const resk = (argv: string[], of: TestServer = server) => commandLine(of, argv);

describe('the command line and the server', () => {
  it('mints a token that the server believes, with the scopes and tenant that were asked for', async () => {
    const { out } = await resk(['token', '--scope', 'cache:read', '--tenant', 'north', '--ttl', '5m']);
    const token = out.trim();
    const asked = await server.send('POST', '/api/cache/query', { token, body: { query: 'Is anybody there?' } });
    expect(asked).toMatchObject({ status: 200, json: { source: 'none' } });
    const refused = await server.send('POST', '/api/cache', { token, body: { query: 'a', response: 'b' } });
    expect(refused).toMatchObject({ status: 403, json: { code: 'auth.scope' } });
  });

  it('ingests the examples, and a question is then answered from the vector store', async () => {
    const { code, out } = await resk(['ingest', 'examples/documents.csv', '--id-column', 'id', '--batch', '10']);
    expect([code, out]).toEqual([0, expect.stringContaining('64 rows: 64 documents upserted')]);
    const { json } = await server.send('POST', '/api/cache/query', {
      body: { query: 'Books may be kept for how many weeks?' },
    });
    expect(json.source).toBe('vectordb');
    expect(json.result.matches[0]).toMatchObject({ id: 'loan-period-books', metadata: { topic: 'loans' } });
  });

  it('ingesting again replaces, and doubles nothing', async () => {
    await resk(['ingest', 'examples/documents.csv', '--id-column', 'id']);
    const { json } = await server.send('GET', '/api/vectors/collections');
    expect(json.collections).toMatchObject([{ name: 'default', count: 64 }]);
  });

  it('replays the example questions: from the vector store first, from the cache then', async () => {
    const argv = [
      'replay',
      'examples/questions.csv',
      '--column',
      'paraphrase',
      '--repeat',
      '2',
      '--threshold',
      '0.3',
      '--json',
    ];
    const { code, out } = await resk(argv);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      requests: 88,
      hitRate: 0.5,
      passes: [{ hits: 0 }, { hits: 44 }],
      bySource: { vectordb: 44, cache: 44 },
      byTier: { memory: 44 },
      latenciesMs: {
        client: { count: 88 },
        server: { count: 88 },
        cache: { count: 88 },
        embeddings: { count: 44 },
        vectordb: { count: 44 },
      },
      errors: {},
    });
  });

  it('plays the demo, as often as wanted, beside what is there already', async () => {
    for (const _ of ['first', 'again']) {
      const { code, out, err } = await resk(['demo']);
      expect([code, err]).toEqual([0, '']);
      expect(out).toContain('64 brought to the vector store');
      expect(out).toContain('… and 16 more: 24 × cache');
      expect(out).toMatch(/nearest document is the one that answers for (3\d|4\d) of 44 paraphrases/);
      // What is not near enough is answered with nothing, and not kept.
      expect(out).toMatch(/… and 36 more: (3\d|4\d) × cache/);
    }
    const { json } = await server.send('GET', '/api/vectors/collections');
    expect(json.collections).toMatchObject([{ name: 'default', count: 64 }]);
  });

  it('a document that the server refuses does not cost its neighbours', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'resk-e2e-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const rows = [{ text: 'good one' }, { text: 'x'.repeat(100_001) }, { text: 'good two' }];
    await writeFile(`${folder}/a.jsonl`, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    const { code, out, err } = await resk(['ingest', `${folder}/a.jsonl`, '--collection', 'refusals']);
    expect(code).toBe(2);
    expect(out).toContain('3 rows: 2 documents upserted');
    expect(err).toContain('a.jsonl, row 2: text: ');
  });

  it('waits for the rate limit and comes through', { timeout: 60_000 }, async () => {
    const strict = await startTestServer({
      RATE_LIMIT_MAX: '3',
      RATE_LIMIT_WINDOW_MS: '1000',
      RATE_LIMIT_ADDRESS_MAX: '1000',
    });
    onTestFinished(() => strict.stop());
    const { code, out, err } = await resk(
      ['ingest', 'examples/documents.csv', '--batch', '8', '--parallel', '2'],
      strict,
    );
    expect([code, out]).toEqual([0, expect.stringContaining('64 documents upserted')]);
    expect(err).toContain('(rate.limited)');
  });

  it('says what to do where the secret is another', async () => {
    const other = await startTestServer();
    onTestFinished(() => other.stop());
    const { code, err } = await resk(['replay', 'examples/questions.csv', '--column', 'question', '--url', other.url]);
    expect([code, err]).toEqual([3, expect.stringContaining('Run resk in the folder of the server')]);
  });
});

describeWithShared('eval/banking77/train.csv')('the command line on BANKING77 (PolyAI, CC BY 4.0)', () => {
  it('loads 10,003 real queries, and answers real questions: the second time from the cache', {
    timeout: 120_000,
  }, async () => {
    const ingested = await resk(['ingest', sharedFile('eval/banking77/train.csv')!, '--collection', 'banking']);
    expect([ingested.code, ingested.out]).toEqual([0, expect.stringContaining('10,003 rows: ')]);
    const argv = [
      'replay',
      sharedFile('eval/banking77/test.csv')!,
      '--collection',
      'banking',
      '--limit',
      '200',
      '--repeat',
      '2',
      '--json',
    ];
    const { code, out } = await resk(argv);
    const report = JSON.parse(out);
    expect([code, report.requests, report.errors]).toEqual([0, 400, {}]);
    expect(report.bySource.vectordb).toBeGreaterThan(150);
    // Not all: an empty result is answered, and not kept.
    expect(report.passes[1].hits).toBeGreaterThanOrEqual(report.passes[0].requests * 0.75);
  });
});
