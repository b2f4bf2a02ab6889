// Brings documents of files to the server, batch by batch, and keeps account of every row.
import { apart } from '#resilience';
import type { ApiClient } from './api-client.js';
import type { Checkpoint } from './checkpoint.js';
import { batchesOf, type Columns, documentsIn, type PlacedDocument, type Reading } from './documents.js';
import { kindOf, type SourceFile } from './files.js';
import { inParallel } from './in-parallel.js';
import type { Io } from './io.js';
import type { Cut } from './passages.js';
import { type Patience, patiently } from './patience.js';
import type { Progress } from './progress.js';
import { ABOUT_ONE_ITEM, problemsByPosition } from './refusals.js';
import { passagesIn } from './texts.js';

export interface RefusedRow {
  file: string;
  row: number;
  reason: string;
}

/**
 * What became of the rows: of tables their rows, of texts their passages. `rows` = `upserted` + `repeated` + `resumed` +
 * `skipped` + refused ones, once the run has ended well.
 */
export interface Account {
  rows: number;
  upserted: number;
  /** Rows that the privacy policy of the tenant keeps out. */
  skipped: number;
  /** Rows whose document an earlier row of the run already is. */
  repeated: number;
  /** Rows that an earlier run, which was interrupted, has brought. */
  resumed: number;
  refused: RefusedRow[];
  /** Files in which there is nothing to bring: likely not those that were meant. */
  empty: string[];
}

export interface IngestionOptions {
  columns: Columns;
  cut: Cut;
  collection?: string;
  /** Name of this run, kept with each document. */
  run?: string;
  batch: number;
  parallel: number;
  patience: Patience;
  checkpoint?: Checkpoint | undefined;
}

type Placed = PlacedDocument & { file: string };

interface Upserted {
  upserted: number;
  skipped?: number;
}

export class Ingestion {
  readonly account: Account = { rows: 0, upserted: 0, skipped: 0, repeated: 0, resumed: 0, refused: [], empty: [] };
  private readonly seen = new Set<string>();

  /** Without a client it reads and counts, and sends nothing. */
  constructor(
    private readonly client: ApiClient | undefined,
    private readonly options: IngestionOptions,
    private readonly progress: Progress,
    private readonly io: Io,
  ) {}

  /** Reads the files one after the other. After a failure, `account` says how far it came; running again does no harm. */
  async run(files: readonly SourceFile[]): Promise<void> {
    const batches = batchesOf(this.read(files), this.options.batch);
    await inParallel(batches, this.options.parallel, (batch) => this.bring(batch), this.io.signal);
  }

  private async *read(files: readonly SourceFile[]): AsyncGenerator<Placed> {
    for (const file of files) {
      const before = this.account.rows;
      for await (const reading of this.readingsOf(file)) {
        if (this.isNew(reading, file.path)) yield { ...reading, file: file.path };
        else this.progress.advance(reading.bytes, 0);
      }
      if (this.account.rows === before) this.account.empty.push(file.path);
    }
  }

  private readingsOf(file: SourceFile): AsyncGenerator<Reading> {
    const { columns, cut } = this.options;
    const kind = kindOf(file.path);
    return kind === 'markdown' || kind === 'plain'
      ? passagesIn(file, kind, cut)
      : documentsIn(file.path, file.source, columns);
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
    const resumed = !repeated && (this.options.checkpoint?.has(reading.document) ?? false);
    if (resumed) this.account.resumed++;
    return !repeated && !resumed;
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
    await apart(batch, {
      work: (items) => this.upsert(items, client),
      refuse: (item, reason) => this.refuse({ ...item, reason }),
      codes: ABOUT_ONE_ITEM,
      named: (error) => problemsByPosition(error, 'documents'),
    });
  }

  private async upsert(items: readonly Placed[], client: ApiClient): Promise<void> {
    const { collection, run, patience, checkpoint } = this.options;
    const documents = items.map(({ document }) => document);
    const named = documents.map((one) => (run === undefined ? one : { ...one, ingestRun: run }));
    const { upserted, skipped = 0 } = await patiently(
      () => client.post<Upserted>('/api/vectors/upsert', { collection, documents: named }, this.io.signal),
      patience,
      this.io,
    );
    this.account.upserted += upserted;
    this.account.skipped += skipped;
    await checkpoint?.add(documents);
  }

  private refuse({ file, row, reason }: RefusedRow): void {
    this.account.refused.push({ file, row, reason });
  }
}
