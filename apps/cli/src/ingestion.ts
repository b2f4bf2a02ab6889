// Brings documents of files to the server, batch by batch, and keeps account of every row.
import { Failure, type FailureCode } from '#ports';
import type { ApiClient } from './api-client.js';
import { batchesOf, type Columns, documentsOf, type PlacedDocument, type Reading } from './documents.js';
import { inParallel } from './in-parallel.js';
import type { Io } from './io.js';
import { type Patience, patiently } from './patience.js';
import type { Progress } from './progress.js';

export interface RefusedRow {
  file: string;
  row: number;
  reason: string;
}

/** What became of the rows. `rows` = `upserted` + `repeated` + `skipped` + refused ones, once the run has ended well. */
export interface Account {
  rows: number;
  upserted: number;
  /** Rows that the privacy policy of the tenant keeps out. */
  skipped: number;
  /** Rows whose document an earlier row of the run already is. */
  repeated: number;
  refused: RefusedRow[];
}

export interface IngestionOptions {
  columns: Columns;
  collection?: string;
  /** Name of this run, kept with each document. */
  run?: string;
  batch: number;
  parallel: number;
  patience: Patience;
}

type Placed = PlacedDocument & { file: string };

/** Codes that are about one document of a batch without saying which. */
const ABOUT_ONE_DOCUMENT: readonly FailureCode[] = [
  'embedding.input_refused',
  'vector.dimension_mismatch',
  'vector.vector_invalid',
  'privacy.refused',
  'request.too_large',
];

export class Ingestion {
  readonly account: Account = { rows: 0, upserted: 0, skipped: 0, repeated: 0, refused: [] };
  private readonly seen = new Set<string>();

  /** Without a client it reads and counts, and sends nothing. */
  constructor(
    private readonly client: ApiClient | undefined,
    private readonly options: IngestionOptions,
    private readonly progress: Progress,
    private readonly io: Io,
  ) {}

  /** Reads the files one after the other. After a failure, `account` says how far it came; running again does no harm. */
  async run(files: readonly string[]): Promise<void> {
    const batches = batchesOf(this.read(files), this.options.batch);
    await inParallel(batches, this.options.parallel, (batch) => this.bring(batch), this.io.signal);
  }

  private async *read(files: readonly string[]): AsyncGenerator<Placed> {
    for (const file of files) {
      for await (const reading of documentsOf(file, this.options.columns)) {
        if (this.isNew(reading, file)) yield { ...reading, file };
        else this.progress.advance(reading.bytes, 0);
      }
    }
  }

  private isNew(reading: Reading, file: string): reading is PlacedDocument {
    this.account.rows++;
    if ('reason' in reading) {
      this.refuse({ file, row: reading.row, reason: reading.reason });
      return false;
    }
    const { id } = reading.document;
    const repeated = this.seen.has(id);
    if (repeated) this.account.repeated++;
    this.seen.add(id);
    return !repeated;
  }

  private async bring(batch: readonly Placed[]): Promise<void> {
    if (this.client) await this.send(batch, this.client);
    else this.account.upserted += batch.length;
    this.progress.advance(
      batch.reduce((sum, { bytes }) => sum + bytes, 0),
      batch.length,
    );
  }

  private async send(batch: readonly Placed[], client: ApiClient): Promise<void> {
    if (batch.length === 0) return;
    const { collection, run, patience } = this.options;
    const documents = batch.map(({ document }) => (run === undefined ? document : { ...document, ingestRun: run }));
    const body = { collection, documents };
    try {
      const { upserted, skipped = 0 } = await patiently(
        () => client.post<{ upserted: number; skipped?: number }>('/api/vectors/upsert', body, this.io.signal),
        patience,
        this.io,
      );
      this.account.upserted += upserted;
      this.account.skipped += skipped;
    } catch (error) {
      await this.sendWithoutGuilty(batch, error, client);
    }
  }

  /** One bad document does not cost its neighbours: the server names it, or halving the batch finds it. */
  private async sendWithoutGuilty(batch: readonly Placed[], error: unknown, client: ApiClient): Promise<void> {
    const named = problemsByPosition(error);
    if (named.size > 0) {
      for (const [at, reason] of named) if (batch[at]) this.refuse({ ...batch[at], reason });
      return this.send(
        batch.filter((_, at) => !named.has(at)),
        client,
      );
    }
    if (!(error instanceof Failure) || !ABOUT_ONE_DOCUMENT.includes(error.code)) throw error;
    if (batch.length === 1) return this.refuse({ ...(batch[0] as Placed), reason: error.message });
    const half = Math.ceil(batch.length / 2);
    await this.send(batch.slice(0, half), client);
    await this.send(batch.slice(half), client);
  }

  private refuse({ file, row, reason }: RefusedRow): void {
    this.account.refused.push({ file, row, reason });
  }
}

/** The problems of a refused body that are about one document, by its position in the batch. */
function problemsByPosition(error: unknown): Map<number, string> {
  const found = new Map<number, string>();
  const problems = error instanceof Failure && error.kind === 'invalid' ? (error.problems ?? []) : [];
  for (const { path, message } of problems) {
    const at = /^documents[.[](\d+)\]?\.?(.*)$/.exec(path);
    if (at) found.set(Number(at[1]), [at[2], message].filter(Boolean).join(': '));
  }
  return found;
}
