// Takes in documents as they come, batch by batch: no more is read than can be written.
import { type CallOptions, Failure, type FailureCode, followed, isFailure } from '#ports';
import { apart, Deadline, untilAborted } from '#resilience';
import type { Document } from './document-intake.js';
import { DocumentsService } from './documents.service.js';

/** A line that was read: a document, or why it is none. Rows count from 1. */
export type Line = { row: number; document: Document } | { row: number; reason: string };

export interface Ingested {
  /** Lines that were read. `rows` = `upserted` + `skipped` + `refused`. */
  rows: number;
  upserted: number;
  /** Documents that the tenant's policy keeps out. */
  skipped: number;
  refused: number;
  /** The first of those that were refused. */
  refusals: { row: number; reason: string }[];
}

export interface BulkOptions extends CallOptions {
  collection?: string | undefined;
  /** Name of the run, kept with each document that names none. */
  run?: string | undefined;
  /** Milliseconds that one batch may take. */
  batchMs: number;
}

type Placed = Extract<Line, { document: Document }>;

const BATCH = 256;
/** Characters of text in a batch, about. */
const BATCH_CHARACTERS = 512 * 1024;
const MOST_TOLD = 100;

const ABOUT_ONE_DOCUMENT: readonly FailureCode[] = [
  'embedding.input_refused',
  'vector.dimension_mismatch',
  'vector.vector_invalid',
  'vector.input_refused',
  'privacy.refused',
];

export class BulkIntake {
  constructor(private readonly documents: DocumentsService) {}

  /**
   * Writes the documents in their order. Batches are written one after the other: when it fails, all lines before the one
   * that the failure names are taken in, and none behind it.
   * @throws Failure of the store or the embedder; its problems say with which line to go on
   */
  async ingest(lines: AsyncIterable<Line>, tenant: string, options: BulkOptions): Promise<Ingested> {
    const told: Ingested = { rows: 0, upserted: 0, skipped: 0, refused: 0, refusals: [] };
    for await (const batch of batchesOf(lines)) {
      try {
        const part = { kind: 'part', of: 'ingest', items: batch.length } as const;
        await followed(part, () => this.take(batch, tenant, options, told));
      } catch (error) {
        throw goingOn(error, batch[0]!.row, told);
      }
      told.rows += batch.length;
    }
    return told;
  }

  private async take(batch: readonly Line[], tenant: string, options: BulkOptions, told: Ingested): Promise<void> {
    const { collection, run, signal, batchMs } = options;
    const deadline = new Deadline(batchMs, signal);
    for (const line of batch) if ('reason' in line) refuse(told, line.row, line.reason);
    const work = async (placed: readonly Placed[]) => {
      const documents = placed.map(({ document }) => ({ ...document, ingestRun: document.ingestRun ?? run }));
      const upserting = this.documents.upsert(documents, collection, tenant, { signal: deadline.signal });
      const { upserted, skipped = 0 } = await untilAborted(deadline.signal, upserting);
      told.upserted += upserted;
      told.skipped += skipped;
    };
    const placed = batch.filter((line): line is Placed => 'document' in line);
    const refused = ({ row }: Placed, reason: string) => refuse(told, row, reason);
    try {
      await apart(placed, { work, refuse: refused, codes: ABOUT_ONE_DOCUMENT });
    } finally {
      deadline.close();
    }
  }
}

function refuse(told: Ingested, row: number, reason: string): void {
  told.refused++;
  if (told.refusals.length < MOST_TOLD) told.refusals.push({ row, reason });
}

function goingOn(error: unknown, row: number, { upserted, refused }: Ingested): unknown {
  if (!isFailure(error)) return error;
  const message = `${upserted} documents were written and ${refused} refused before line ${row}. Send the lines from there on again.`;
  const problems = [{ path: `line ${row}`, code: 'interrupted', message }];
  const { retryAfterMs } = error;
  return new Failure(error.code, error.message, {
    cause: error,
    problems,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
}

async function* batchesOf(lines: AsyncIterable<Line>): AsyncGenerator<Line[]> {
  let batch: Line[] = [];
  let characters = 0;
  for await (const line of lines) {
    batch.push(line);
    characters += 'document' in line ? (line.document.text?.length ?? 0) + (line.document.vector?.length ?? 0) * 8 : 0;
    if (batch.length < BATCH && characters < BATCH_CHARACTERS) continue;
    yield batch;
    batch = [];
    characters = 0;
  }
  if (batch.length > 0) yield batch;
}
