// Remembers which documents the server has taken, so that a run that was interrupted goes on where it was.
import { createHash } from 'node:crypto';
import { appendFile, mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { JsonObject } from '#ports';
import type { Document } from './documents.js';

/** 16 characters a document: half a gigabyte would be thirty million. */
const MARK_LENGTH = 16;

/**
 * One file a run, named by what the run is: the same command finds it again. It holds digests of documents, nothing of
 * them. Where it cannot be written the run goes on, and starts anew when it is interrupted.
 */
export class Checkpoint {
  private readonly file: string;
  private taken = new Set<string>();
  private writable = true;

  constructor(
    private readonly folder: string,
    /** What the same run has in common with itself: server, collection, files. */
    run: JsonObject,
  ) {
    this.file = join(folder, `${digestOf(JSON.stringify(run))}.taken`);
  }

  /** Gives how many documents an earlier run of the same kind has brought. */
  async open({ fresh = false }: { fresh?: boolean | undefined } = {}): Promise<number> {
    if (fresh) await this.forget();
    const text = await readFile(this.file, 'utf8').catch(() => '');
    // The last line may have been cut off by whatever ended the run.
    this.taken = new Set(text.split('\n').filter((line) => line.length === MARK_LENGTH));
    return this.taken.size;
  }

  has(document: Document): boolean {
    return this.taken.size > 0 && this.taken.has(markOf(document));
  }

  async add(documents: readonly Document[]): Promise<void> {
    if (!this.writable || documents.length === 0) return;
    try {
      await mkdir(this.folder, { recursive: true });
      await appendFile(this.file, documents.map((one) => `${markOf(one)}\n`).join(''));
    } catch {
      this.writable = false;
    }
  }

  /** The run has ended well: the next one begins anew. */
  async forget(): Promise<void> {
    await rm(this.file, { force: true }).catch(() => {});
  }
}

/** A document that was changed since is another one. */
function markOf(document: Document): string {
  return digestOf(JSON.stringify([document.id, document.text, document.metadata, document.source]));
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, MARK_LENGTH);
}
