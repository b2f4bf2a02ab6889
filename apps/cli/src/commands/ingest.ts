// resk ingest: documents of CSV and JSON Lines files into the vector store.
import { type Command, Option } from 'commander';
import { readConfig } from '#config';
import { embeddingSection } from '#embeddings';
import { failure } from '#ports';
import type { ApiClient } from '../api-client.js';
import { cliSection, MAX_BATCH } from '../cli.section.js';
import { type Account, Ingestion } from '../ingestion.js';
import type { Io } from '../io.js';
import { count, seconds } from '../numbers.js';
import { integer, type ServerOptions, withServerOptions } from '../options.js';
import type { Patience } from '../patience.js';
import { type Progress, progressOn } from '../progress.js';
import { sizeOf } from '../rows.js';
import { withServer } from '../server-access.js';

interface IngestOptions extends ServerOptions {
  collection?: string;
  run?: string;
  textColumn: string;
  idColumn?: string;
  batch?: number;
  parallel: number;
  dryRun?: boolean;
}

const SHOWN_REFUSALS = 20;

export function ingestCommand(program: Command, io: Io): void {
  const command = program
    .command('ingest')
    .summary('load documents of CSV or JSON Lines files into the vector store')
    .description(
      'Loads the rows of CSV (with a header) or JSON Lines files as documents. Rows keep their id when they are ingested again: after a failure, run the same command again.',
    )
    .argument('<files...>', 'files ending in .jsonl or .ndjson are JSON Lines, others CSV')
    .option('--collection <name>', "collection (default: the server's own)")
    .option('--run <name>', 'name of this run, kept with each document')
    .option('--text-column <name>', 'column of the text', 'text')
    .option('--id-column <name>', 'column of the id (default: an id made of the text)')
    .option(
      '--batch <n>',
      'documents in a request (default: UPSERT_BATCH, else BATCH_SIZE)',
      integer({ min: 1, max: MAX_BATCH }),
    )
    .addOption(new Option('--parallel <n>', 'requests under way').argParser(integer({ min: 1, max: 64 })).default(4))
    .option('--dry-run', 'read and check the files, send nothing');
  withServerOptions(command, '15m').action((files: string[], options: IngestOptions) => ingest(files, options, io));
}

async function ingest(files: string[], options: IngestOptions, io: Io): Promise<void> {
  const sizes = await Promise.all(files.map(sizeOf));
  const bring = (client?: ApiClient) => ingestFiles(files, sizes, options, io, client);
  if (options.dryRun) return bring();
  await withServer(options, { scopes: ['vectors:write'], connections: options.parallel }, io, bring);
}

async function ingestFiles(
  files: string[],
  sizes: number[],
  options: IngestOptions,
  io: Io,
  client?: ApiClient,
): Promise<void> {
  const progress = progressOn(
    io,
    'documents',
    sizes.reduce((sum, size) => sum + size, 0),
  );
  const ingestion = ingestionOf(options, io, progress, client);
  const begunMs = io.now();
  try {
    await ingestion.run(files);
  } finally {
    progress.stop();
    report(ingestion.account, io.now() - begunMs, options, io);
  }
  const { length } = ingestion.account.refused;
  if (length > 0) throw failure('cli.rows_refused', { count: length });
}

function ingestionOf(options: IngestOptions, io: Io, progress: Progress, client?: ApiClient): Ingestion {
  const config = readConfig([cliSection, embeddingSection], io.sources);
  const settings = {
    columns: { text: options.textColumn, id: options.idColumn },
    collection: options.collection,
    run: options.run,
    batch: options.batch ?? config.cli.upsertBatch ?? Math.min(MAX_BATCH, config.embedding.batchSize),
    parallel: options.parallel,
    patience: patienceOf(options.maxWait, progress),
  };
  return new Ingestion(client, settings, progress, io);
}

function patienceOf(longestWaitMs: number, progress: Progress): Patience {
  return {
    kinds: ['exhausted', 'unavailable', 'late'],
    attempts: 8,
    longestWaitMs,
    waiting: (waitMs, { code }) => progress.note(`waiting ${seconds(waitMs)} (${code})`),
  };
}

function report(
  { rows, upserted, repeated, skipped, refused }: Account,
  tookMs: number,
  options: IngestOptions,
  io: Io,
): void {
  const into = options.dryRun ? 'documents to upsert' : `documents upserted in ${seconds(tookMs)}`;
  const rate = options.dryRun || tookMs <= 0 ? '' : ` (${count(upserted / (tookMs / 1000))}/s)`;
  const kept = skipped > 0 ? `, ${count(skipped)} kept out by the privacy policy` : '';
  io.stdout.write(
    `${count(rows)} rows: ${count(upserted)} ${into}${rate}, ${count(repeated)} repeated${kept}, ${count(refused.length)} refused\n`,
  );
  for (const { file, row, reason } of refused.slice(0, SHOWN_REFUSALS))
    io.stderr.write(`${file}, row ${row}: ${reason}\n`);
  if (refused.length > SHOWN_REFUSALS) io.stderr.write(`… and ${count(refused.length - SHOWN_REFUSALS)} more\n`);
}
