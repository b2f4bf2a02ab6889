// resk warm: the cache is filled from a file of answers, or by asking the questions of the past.
import { type Command, Option } from 'commander';
import { failure } from '#ports';
import type { Io } from '../io.js';
import { count, seconds } from '../numbers.js';
import { integer, type ServerOptions, withServerOptions } from '../options.js';
import { type PastQuestions, pastQuestions } from '../past-questions.js';
import { progressOn } from '../progress.js';
import { sizeOf } from '../rows.js';
import { withServer } from '../server-access.js';
import { Warming } from '../warming.js';

interface WarmOptions extends ServerOptions {
  column: string;
  limit?: number;
  collection?: string;
  parallel: number;
}

const SHOWN_REFUSALS = 20;

export function warmCommand(program: Command, io: Io): void {
  const command = program
    .command('warm')
    .summary('fill the cache from a file of answers or a log of past questions')
    .description(
      'Rows that hold a response are written as answers. The others are asked, each question once and the most frequent first, so that what is retrieved is kept.',
    )
    .argument('<file>', '.jsonl and .ndjson are JSON Lines, .txt and .log hold a question a line, all others are CSV')
    .option('--column <name>', 'column of the question', 'query')
    .option('--limit <n>', 'questions to ask at most', integer({ min: 1, max: Number.MAX_SAFE_INTEGER }))
    .option('--collection <name>', 'collection to search, as those who ask will name it')
    .addOption(new Option('--parallel <n>', 'requests under way').argParser(integer({ min: 1, max: 64 })).default(4));
  withServerOptions(command, '15m').action((file: string, options: WarmOptions) => warm(file, options, io));
}

async function warm(file: string, options: WarmOptions, io: Io): Promise<void> {
  await sizeOf(file);
  const past = await pastQuestions(file, options.column);
  const questions = past.questions.slice(0, options.limit);
  const need = { scopes: ['cache:read', 'cache:write'] as const, connections: options.parallel };
  await withServer(options, need, io, async (client) => {
    const asked = questions.reduce((sum, { times }) => sum + times, 0);
    const progress = progressOn(io, 'questions', past.answers.length + asked);
    const { parallel, maxWait: longestWaitMs, collection } = options;
    const patience = { kinds: ['exhausted', 'unavailable', 'late'] as const, attempts: 8, longestWaitMs };
    const warming = new Warming(client, { parallel, patience, collection }, progress, io);
    const begunMs = io.now();
    try {
      await warming.write(past.answers);
      await warming.ask(questions);
    } finally {
      progress.stop();
      report(warming, past, io.now() - begunMs, io);
    }
    const refused = warming.warmed.refused.length + past.refused.length;
    if (refused > 0) throw failure('cli.rows_refused', { count: refused });
  });
}

function report({ warmed }: Warming, past: PastQuestions, tookMs: number, io: Io): void {
  const { written, retrieved, known, unanswered } = warmed;
  const refused = [...past.refused, ...warmed.refused].sort((a, b) => a.row - b.row);
  io.stdout.write(
    `${count(written)} written, ${count(retrieved)} retrieved, ${count(known)} known before, ${count(unanswered)} without an answer, ${count(refused.length)} refused in ${seconds(tookMs)}\n`,
  );
  for (const { row, reason } of refused.slice(0, SHOWN_REFUSALS)) io.stderr.write(`row ${row}: ${reason}\n`);
  if (refused.length > SHOWN_REFUSALS) io.stderr.write(`… and ${count(refused.length - SHOWN_REFUSALS)} more\n`);
}
