// resk ingest: documents of CSV and JSON Lines files into the vector store.
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { readConfig, runtimeSection } from '#config';
import { embeddingSection } from '#embeddings';
import { failure } from '#ports';
import type { ApiClient } from '../api-client.js';
import { Checkpoint } from '../checkpoint.js';
import { cliSection, MAX_BATCH } from '../cli.section.js';
import { filesOf, type SourceFile, unreadable } from '../files.js';
import { type Account, Ingestion } from '../ingestion.js';
import type { Io } from '../io.js';
import { count, seconds } from '../numbers.js';
import { integer, type ServerOptions, withServerOptions } from '../options.js';
import type { Patience } from '../patience.js';
import { type Progress, progressOn } from '../progress.js';
import { withServer } from '../server-access.js';

interface IngestOptions extends ServerOptions {
  collection?: string;
  run?: string;
  textColumn: string;
  idColumn?: string;
  chunkSize: number;
  chunkOverlap: number;
  batch?: number;
  parallel: number;
  report?: string;
  fresh?: boolean;
  dryRun?: boolean;
}

const SHOWN_REFUSALS = 20;

export function ingestCommand(program: Command, io: Io): void {
  const command = program
    .command('ingest')
    .summary('load documents of CSV, JSON Lines, Markdown and text files into the vector store')
    .description(
      'Loads the rows of CSV (with a header) or JSON Lines files, and the passages of Markdown and plain-text files, as documents. They keep their id when they are ingested again: after a failure or Ctrl-C, run the same command again, and it goes on where it was.',
    )
    .argument(
      '<paths...>',
      'files by their ending: .jsonl and .ndjson, .md and .markdown, .txt and .text, all others CSV; and folders of such files',
    )
    .option('--collection <name>', "collection (default: the server's own)")
    .option('--run <name>', 'name of this run, kept with each document')
    .option('--text-column <name>', 'column of the text', 'text')
    .option('--id-column <name>', 'column of the id (default: an id made of the text)')
    .addOption(
      new Option('--chunk-size <n>', 'characters in a passage of a text, at most')
        .argParser(integer({ min: 100, max: 50_000 }))
        .default(1200),
    )
    .addOption(
      new Option('--chunk-overlap <n>', 'characters that a passage shares with the one before it, at most')
        .argParser(integer({ min: 0, max: 10_000 }))
        .default(150),
    )
    .option(
      '--batch <n>',
      'documents in a request (default: UPSERT_BATCH, else BATCH_SIZE)',
      integer({ min: 1, max: MAX_BATCH }),
    )
    .addOption(new Option('--parallel <n>', 'requests under way').argParser(integer({ min: 1, max: 64 })).default(4))
    .option('--report <file>', 'write the refused rows to this file, as JSON Lines')
    .option('--fresh', 'begin anew, whatever an interrupted run has brought')
    .option('--dry-run', 'read and check the files, send nothing');
  withServerOptions(command, '15m').action((files: string[], options: IngestOptions) => ingest(files, options, io));
}

async function ingest(paths: string[], options: IngestOptions, io: Io): Promise<void> {
  if (options.chunkOverlap >= options.chunkSize) throw failure('cli.usage', OVERLAP_TOO_LARGE);
  const files = await filesOf(paths);
  if (options.dryRun) return ingestFiles(files, options, io);
  const need = { scopes: ['vectors:write'] as const, connections: options.parallel };
  await withServer(options, need, io, (client) => ingestFiles(files, options, io, client));
}

const OVERLAP_TOO_LARGE = { reason: '--chunk-overlap must be smaller than --chunk-size.' };

async function ingestFiles(
  files: readonly SourceFile[],
  options: IngestOptions,
  io: Io,
  client?: ApiClient,
): Promise<void> {
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  const progress = progressOn(io, 'documents', bytes);
  const checkpoint = client && (await checkpointOf(files, options, io, client));
  const ingestion = ingestionOf(options, io, { progress, client, checkpoint });
  const begunMs = io.now();
  try {
    await ingestion.run(files);
    if (!io.signal.aborted) await checkpoint?.forget();
  } finally {
    progress.stop();
    report(ingestion.account, io.now() - begunMs, options, io);
    await writeReport(ingestion.account, options.report);
  }
  const { length } = ingestion.account.refused;
  if (length > 0) throw failure('cli.rows_refused', { count: length });
}

async function checkpointOf(files: readonly SourceFile[], options: IngestOptions, io: Io, { origin }: ApiClient) {
  const { collection = null, textColumn, idColumn = null, chunkSize, chunkOverlap, run = null } = options;
  const { dataDir } = readConfig([runtimeSection], io.sources).runtime;
  const paths = files.map(({ path }) => resolve(path));
  const same = { origin, collection, textColumn, idColumn, chunkSize, chunkOverlap, run, paths };
  const checkpoint = new Checkpoint(join(dataDir, 'ingest'), same);
  const taken = await checkpoint.open({ fresh: options.fresh });
  if (taken > 0) io.stderr.write(`Going on after ${count(taken)} documents; --fresh begins anew.\n`);
  return checkpoint;
}

async function writeReport({ refused }: Account, file: string | undefined): Promise<void> {
  if (file === undefined) return;
  const lines = refused.map((one) => `${JSON.stringify(one)}\n`).join('');
  await writeFile(file, lines).catch((error: unknown) => {
    throw unreadable(file, error);
  });
}

function ingestionOf(
  options: IngestOptions,
  io: Io,
  parts: { progress: Progress; client: ApiClient | undefined; checkpoint: Checkpoint | undefined },
): Ingestion {
  const config = readConfig([cliSection, embeddingSection], io.sources);
  const settings = {
    columns: { text: options.textColumn, id: options.idColumn },
    cut: { size: options.chunkSize, overlap: options.chunkOverlap },
    collection: options.collection,
    run: options.run,
    batch: options.batch ?? config.cli.upsertBatch ?? Math.min(MAX_BATCH, config.embedding.batchSize),
    parallel: options.parallel,
    patience: patienceOf(options.maxWait, parts.progress),
    checkpoint: parts.checkpoint,
  };
  return new Ingestion(parts.client, settings, parts.progress, io);
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
  { rows, upserted, repeated, resumed, skipped, refused, empty }: Account,
  tookMs: number,
  options: IngestOptions,
  io: Io,
): void {
  const into = options.dryRun ? 'documents to upsert' : `documents upserted in ${seconds(tookMs)}`;
  const rate = options.dryRun || tookMs <= 0 ? '' : ` (${count(upserted / (tookMs / 1000))}/s)`;
  const before = resumed > 0 ? `, ${count(resumed)} brought before` : '';
  const kept = skipped > 0 ? `, ${count(skipped)} kept out by the privacy policy` : '';
  io.stdout.write(
    `${count(rows)} rows: ${count(upserted)} ${into}${rate}, ${count(repeated)} repeated${before}${kept}, ${count(refused.length)} refused\n`,
  );
  for (const file of empty) io.stderr.write(`${file} holds no rows: nothing was taken from it\n`);
  for (const { file, row, reason } of refused.slice(0, SHOWN_REFUSALS))
    io.stderr.write(`${file}, row ${row}: ${reason}\n`);
  if (refused.length > SHOWN_REFUSALS) io.stderr.write(`… and ${count(refused.length - SHOWN_REFUSALS)} more\n`);
}
