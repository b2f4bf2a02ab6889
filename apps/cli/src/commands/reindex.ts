// resk reindex and resk drift: move documents to the embedding model of now, and ask whether it still is what it was.
import type { Command } from 'commander';
import { failure } from '#ports';
import type { DriftReport, LeftReason, ReindexEstimate, ReindexProgress } from '#query';
import type { ApiClient } from '../api-client.js';
import type { Io } from '../io.js';
import { count, table } from '../numbers.js';
import { integer, type ServerOptions, withServerOptions } from '../options.js';
import { patiently } from '../patience.js';
import { type Progress, progressOn } from '../progress.js';
import { withServer } from '../server-access.js';

interface Scope extends ServerOptions {
  tenant?: string;
  collection?: string;
}

interface ReindexOptions extends Scope {
  dryRun?: boolean;
  restart?: boolean;
  step: number;
}

const NEED = { scopes: ['admin'] as const, connections: 1 };
const PATIENCE = { kinds: ['exhausted', 'unavailable', 'late'] as const, attempts: 8 };
const REASONS: Record<LeftReason, string> = {
  no_text: 'have no text',
  refused: 'were refused by the model',
  unreadable: 'do not open',
};

export function reindexCommand(program: Command, io: Io): void {
  scoped(
    program,
    'reindex',
    'move documents to the embedding model of now',
    'Embeds documents of other embedding models again, beside what is there, and switches when all is done. May be stopped with Ctrl-C: the next run goes on from there.',
  )
    .option('--dry-run', 'only tell what there is to do, and what it would cost')
    .option('--restart', 'begin anew, however far an earlier run came')
    .option('--step <count>', 'documents a request', integer({ min: 1, max: 10_000 }), 200)
    .action((options: ReindexOptions) => reindex(options, io));
}

export function driftCommand(program: Command, io: Io): void {
  scoped(
    program,
    'drift',
    'check whether the embedding model still is what it was',
    'Embeds a sample of each collection again, and compares with what is stored. Fails where a collection has drifted.',
  ).action((options: Scope) => drift(options, io));
}

function scoped(program: Command, name: string, summary: string, description: string): Command {
  const command = program
    .command(name)
    .summary(summary)
    .description(description)
    .option('--tenant <name>', 'documents of this tenant only')
    .option('--collection <name>', 'documents of this collection only');
  return withServerOptions(command, '15m');
}

async function reindex(options: ReindexOptions, io: Io): Promise<void> {
  await withServer(options, NEED, io, async (client) => {
    const asked = new URLSearchParams(scopeOf(options)).toString();
    const estimate = await client.get<ReindexEstimate>(`/api/admin/vectors/reindex?${asked}`, io.signal);
    io.stderr.write(`${toldOf(estimate)}\n`);
    if (options.dryRun) {
      for (const one of estimate.collections)
        io.stdout.write(
          `${one.tenant}/${one.collection}: ${count(one.documents)} documents, about ${count(one.tokens)} tokens\n`,
        );
      return;
    }
    const { moved, left, tokens, collectionsDone, examples } = await moveAll(client, options, io);
    io.stdout.write(
      `${count(moved)} documents of ${count(collectionsDone)} collections moved, ${count(tokens)} tokens${leftOf(left)}.\n`,
    );
    for (const { tenant, collection, id, reason } of examples)
      io.stderr.write(`${tenant}/${collection} ${JSON.stringify(id)}: ${reason}\n`);
  });
}

function toldOf({ documents, tokens, provider, model, money, currency }: ReindexEstimate): string {
  if (documents === 0) return `No document is of another model than ${model} of ${provider}.`;
  const cost = money === null ? '' : `, about ${money} ${currency}`;
  return `${count(documents)} documents to be embedded by ${model} of ${provider}: about ${count(tokens)} tokens${cost}.`;
}

function leftOf(left: Record<LeftReason, number>): string {
  const parts = (Object.keys(REASONS) as LeftReason[])
    .filter((reason) => left[reason] > 0)
    .map((reason) => `${count(left[reason])} ${REASONS[reason]}`);
  return parts.length === 0 ? '' : `; left as they are: ${parts.join(', ')}`;
}

async function moveAll(client: ApiClient, options: ReindexOptions, io: Io): Promise<ReindexProgress> {
  let progress: Progress | undefined;
  let seen = 0;
  try {
    for (let first = true; ; first = false) {
      const step = await nextStep(client, options, first, io);
      progress ??= progressOn(io, 'documents', step.total);
      const more = Math.max(0, step.seen - seen); // Fewer where a collection is gone through once more.
      progress.advance(more, more);
      seen = Math.max(seen, step.seen);
      if (step.done) return step;
    }
  } finally {
    progress?.stop();
    if (io.signal.aborted) io.stderr.write('Stopped. resk reindex goes on from here.\n');
  }
}

function nextStep(client: ApiClient, options: ReindexOptions, first: boolean, io: Io): Promise<ReindexProgress> {
  const body = { ...scopeOf(options), limit: options.step, ...(first && options.restart && { restart: true }) };
  // A step may be repeated: what it has moved is seen again, and left as it is.
  const patience = { ...PATIENCE, longestWaitMs: options.maxWait };
  return patiently(() => client.post<ReindexProgress>('/api/admin/vectors/reindex', body, io.signal), patience, io);
}

async function drift(options: Scope, io: Io): Promise<void> {
  await withServer(options, NEED, io, async (client) => {
    const { collections } = await client.post<{ collections: DriftReport[] }>(
      '/api/admin/vectors/drift',
      scopeOf(options),
      io.signal,
    );
    if (collections.length === 0) io.stdout.write('No collection holds documents of the embedding model of now.\n');
    else io.stdout.write(`${tableOf(collections)}\n`);
    const drifted = collections.filter((one) => one.drifted).length;
    if (drifted > 0) throw failure('vector.models_differ', { collections: drifted });
  });
}

function tableOf(reports: readonly DriftReport[]): string {
  const rows = reports.map(({ tenant, collection, sampled, similarity, drifted }) => [
    `${tenant}/${collection}`,
    count(sampled),
    similarity.toFixed(4),
    drifted ? 'drifted' : 'steady',
  ]);
  return table([['collection', 'documents', 'cosine', ''], ...rows]);
}

function scopeOf({ tenant, collection }: Scope): { tenant?: string; collection?: string } {
  return { ...(tenant !== undefined && { tenant }), ...(collection !== undefined && { collection }) };
}
