// resk demo: a small help desk from examples/, played end to end against a running server.
import type { Command } from 'commander';
import type { JsonObject } from '#ports';
import { type Answer, nearestOf } from '../answer.js';
import type { ApiClient } from '../api-client.js';
import { Counter } from '../counter.js';
import { documentsIn } from '../documents.js';
import { inParallel } from '../in-parallel.js';
import type { Io } from '../io.js';
import { count, millis, percent, table } from '../numbers.js';
import { type ServerOptions, withServerOptions } from '../options.js';
import { packageFile } from '../package-folder.js';
import { rowsOf } from '../rows.js';
import { withServer } from '../server-access.js';

/** One asking, with what came back. */
interface Asked {
  query: string;
  answer: Answer;
}

/** The demo lives in a tenant of its own: it neither sees nor disturbs what else the server holds. */
const TENANT = 'demo';
const SCOPES = ['cache:read', 'cache:write', 'cache:purge', 'vectors:write'] as const;
const PARALLEL = 4;
const SHOWN = 8;
const QUERY_WIDTH = 58;

export function demoCommand(program: Command, io: Io): void {
  const command = program
    .command('demo')
    .summary('play the example help desk against a running server')
    .description(
      "Loads the documents and answers of examples/ into the tenant 'demo', asks its questions and their paraphrases, and shows where each answer came from. With --token it plays in that token's tenant, and clears nothing.",
    );
  withServerOptions(command, '60s').action((options: ServerOptions) =>
    withServer(options, { scopes: SCOPES, connections: PARALLEL, tenant: TENANT }, io, (client, { minted }) =>
      demo(client, minted, io),
    ),
  );
}

async function demo(client: ApiClient, minted: boolean, io: Io): Promise<void> {
  const say = (text: string) => void io.stdout.write(`${text}\n`);
  if (minted) await client.delete('/api/cache', io.signal);
  say(`1. Documents: ${await bringDocuments(client, io)} brought to the vector store`);
  const answers = await bringAnswers(client, io);
  say(`2. Answers: ${answers.length} written to the cache`);

  say('\n3. The same questions, in other case and spacing: from the cache, without embedding anything');
  say(shown(await askAll(client, answers.map(otherwiseWritten), io)));

  const questions = await columnsOf('examples/questions.csv', 'paraphrase');
  const paraphrases = questions.map(({ paraphrase }) => String(paraphrase));
  const firstTime = await askAll(client, paraphrases, io);
  say('\n4. Paraphrases, asked for the first time: from the vector store, where a passage is near enough');
  say(shown(firstTime));
  say(`   ${rightly(firstTime, questions)}`);

  say('\n5. The same paraphrases again: from the cache');
  say(shown(await askAll(client, paraphrases, io)));
}

async function bringDocuments(client: ApiClient, io: Io): Promise<string> {
  const documents = [];
  for await (const reading of documentsIn(packageFile('examples/documents.csv'), 'documents.csv', {
    text: 'text',
    id: 'id',
  })) {
    if ('document' in reading) documents.push(reading.document);
  }
  const { upserted } = await client.post<{ upserted: number }>('/api/vectors/upsert', { documents }, io.signal);
  return count(upserted);
}

/** Writes the answers; gives their questions. */
async function bringAnswers(client: ApiClient, io: Io): Promise<string[]> {
  const bodies = await columnsOf('examples/answers.jsonl', 'query');
  await inParallel(
    bodies,
    PARALLEL,
    async (body) => void (await client.post('/api/cache', body, io.signal)),
    io.signal,
  );
  return bodies.map(({ query }) => String(query));
}

async function columnsOf(file: string, column: string): Promise<JsonObject[]> {
  const found: JsonObject[] = [];
  for await (const row of rowsOf(packageFile(file), { column, option: 'examples' })) {
    if ('values' in row) found.push(row.values);
  }
  return found;
}

/** The same question for the `standard` key profile, which folds case and collapses white space. */
function otherwiseWritten(query: string): string {
  return `  ${query.toUpperCase().replaceAll(' ', '  ')}`;
}

async function askAll(client: ApiClient, queries: readonly string[], io: Io): Promise<Asked[]> {
  const asked: Asked[] = [];
  for (const query of queries) {
    asked.push({ query, answer: await client.post<Answer>('/api/cache/query', { query }, io.signal) });
  }
  return asked;
}

function shown(asked: readonly Asked[]): string {
  const rows = asked.slice(0, SHOWN).map(({ query, answer }) => {
    const near = nearestOf(answer);
    const { status, source, tier, latencies } = answer;
    return [
      short(query),
      status,
      source,
      tier ?? '–',
      near ? near.score.toFixed(2) : '–',
      `${millis(latencies.total)} ms`,
    ];
  });
  const others = asked.length > SHOWN ? `\n  … and ${asked.length - SHOWN} more: ${sources(asked)}` : '';
  return `${table([['question', 'status', 'source', 'tier', 'score', 'server'], ...rows])}${others}`;
}

function sources(asked: readonly Asked[]): string {
  const counter = new Counter();
  for (const { answer } of asked) counter.add(answer.source);
  return counter.ranked.map(([source, times]) => `${times} × ${source}`).join(', ');
}

function rightly(asked: readonly Asked[], questions: readonly JsonObject[]): string {
  const right = asked.filter(({ answer }, at) => nearestOf(answer)?.id === questions[at]?.document).length;
  return `The nearest document is the one that answers for ${right} of ${asked.length} paraphrases (${percent(right, asked.length)}); the local embedder compares words, not meaning.`;
}

function short(query: string): string {
  const text = query.trim().replace(/\s+/g, ' ');
  return text.length > QUERY_WIDTH ? `${text.slice(0, QUERY_WIDTH - 1)}…` : text;
}
