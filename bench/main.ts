// npm run bench: prints what the product costs, as ratios to named baselines in the same run.
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { benchHits, type HitFigures } from './hits.js';
import { benchMemoryTier } from './memory-tier.js';
import { benchRedis } from './redis-server.js';
import { benchSoak } from './soak.js';
import { benchIngest } from './vector-ingest.js';
import { benchMillion } from './vector-million.js';
import { benchVectorSearch } from './vector-search.js';
import { benchWordSearch } from './word-search.js';

const { values } = parseArgs({
  options: {
    json: { type: 'string' },
    rounds: { type: 'string', default: '15' },
    seconds: { type: 'string', default: '1' },
    only: { type: 'string', default: 'hits,memory,vectors,words,ingest,million,soak' },
    marks: { type: 'string', default: '100000,500000,1000000' },
  },
});
const wanted = new Set(values.only.split(','));
const report: Record<string, unknown> = { node: process.version, platform: `${process.platform}-${process.arch}` };

if (wanted.has('hits')) report.hits = await hits();
if (wanted.has('memory')) report.memory = show('L1 get', await benchMemoryTier());
if (wanted.has('vectors')) report.vectors = show('Embedded vector search', await benchVectorSearch([10_000, 100_000]));
if (wanted.has('words')) report.words = show('Hybrid search of sealed documents', await benchWordSearch(100_000));
if (wanted.has('ingest')) {
  report.ingest = show('Queries during an ingestion of 100,000 documents', await benchIngest());
}
if (wanted.has('million')) report.million = show('A million documents', await benchMillion());
if (wanted.has('soak'))
  report.soak = show('Memory of the process', await benchSoak(values.marks.split(',').map(Number)));
if (values.json) await writeFile(values.json, `${JSON.stringify(report, null, 2)}\n`);

async function hits(): Promise<HitFigures[]> {
  const redis = await benchRedis();
  if (!redis) console.log('Redis: not measured, no redis-server on this machine.');
  try {
    const figures = await benchHits({
      rounds: Number(values.rounds),
      seconds: Number(values.seconds),
      redisUrl: redis?.url,
    });
    return show('A hit over HTTP with the whole pipeline on; ratios to the bare Fastify route', figures);
  } finally {
    await redis?.stop();
  }
}

function show<T extends object>(title: string, rows: T[]): T[] {
  console.log(`\n${title}`);
  console.table(
    rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, rounded(value)]))),
  );
  return rows;
}

function rounded(value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(3)) : value;
}
