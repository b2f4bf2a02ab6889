// resk replay: real questions through the server, several times, with hit rates and latencies by layer.
import type { Command } from 'commander';
import { failure } from '#ports';
import type { Io } from '../io.js';
import { fraction, integer, type ServerOptions, withServerOptions } from '../options.js';
import { progressOn } from '../progress.js';
import { Replay } from '../replay.js';
import { replayText } from '../replay-text.js';
import { rowsOf, sizeOf } from '../rows.js';
import { withServer } from '../server-access.js';

interface ReplayOptions extends ServerOptions {
  repeat: number;
  concurrency: number;
  column: string;
  limit?: number;
  collection?: string;
  k?: number;
  threshold?: number;
  json?: boolean;
}

export function replayCommand(program: Command, io: Io): void {
  const command = program
    .command('replay')
    .summary('play the questions of a file through the server, and measure')
    .description(
      'Asks every question of a CSV or JSON Lines file through POST /api/cache/query, pass after pass, and prints hit rates and latencies by layer.',
    )
    .argument('<file>', 'files ending in .jsonl or .ndjson are JSON Lines, others CSV')
    .option('--column <name>', 'column of the question', 'text')
    .option('--repeat <n>', 'passes over the file', integer({ min: 1, max: 10_000 }), 3)
    .option('--concurrency <n>', 'requests under way', integer({ min: 1, max: 1000 }), 8)
    .option('--limit <n>', 'questions of the file at most', integer({ min: 1, max: Number.MAX_SAFE_INTEGER }))
    .option('--collection <name>', 'collection to search on a miss')
    .option('--k <n>', 'matches to ask for on a miss', integer({ min: 1, max: 1000 }))
    .option('--threshold <score>', 'smallest similarity of a match, 0 to 1', fraction())
    .option('--json', 'print the report as JSON');
  withServerOptions(command, '60s').action((file: string, options: ReplayOptions) => replay(file, options, io));
}

async function replay(file: string, options: ReplayOptions, io: Io): Promise<void> {
  const queries = await questionsOf(file, options);
  const need = { scopes: ['cache:read'] as const, connections: options.concurrency };
  await withServer(options, need, io, async (client) => {
    const progress = progressOn(io, 'requests', queries.length * options.repeat);
    const run = new Replay({ ...options, vector: vectorOf(options), maxWaitMs: options.maxWait }, progress, io);
    const begunMs = io.now();
    try {
      await run.run(queries, client);
    } finally {
      progress.stop();
      const report = run.tally.report(io.now() - begunMs);
      if (report.requests > 0) io.stdout.write(options.json ? `${JSON.stringify(report)}\n` : replayText(report));
    }
    if (run.firstFailure) throw run.firstFailure;
  });
}

async function questionsOf(file: string, options: ReplayOptions): Promise<string[]> {
  const { column, limit = Number.MAX_SAFE_INTEGER } = options;
  await sizeOf(file);
  const queries: string[] = [];
  for await (const row of rowsOf(file, { column, option: '--column' })) {
    const query = 'values' in row ? row.values[column] : undefined;
    if (typeof query === 'string' && query.trim() !== '') queries.push(query);
    if (queries.length >= limit) break;
  }
  if (queries.length > 0) return queries;
  throw failure('cli.file_invalid', { file, row: 1, reason: `no question in the column ${column}` });
}

/** Absent unless something is asked for: options of the search are part of the cache key. */
function vectorOf({ collection, k, threshold }: ReplayOptions) {
  const asked = collection !== undefined || k !== undefined || threshold !== undefined;
  return asked ? { collection, k, threshold } : undefined;
}
