// Says why the SQLite file cannot be used and what to do about it, without naming a path of the machine.
import { type Failure, failure } from '#ports';

const READ_ONLY = { reason: 'its file or folder is read-only', fix: 'Let the service write to DATA_DIR.' };
const FULL = { reason: 'the disk is full', fix: 'Make room where DATA_DIR lies.' };
const BROKEN = {
  reason: 'its file is not a sound SQLite database',
  fix: 'Move cache.sqlite out of DATA_DIR: a new one is made, and only cached answers are lost.',
};
const CANNOT_OPEN = {
  reason: 'its file cannot be opened or made',
  fix: 'Check that DATA_DIR is a folder and that the service may write to it.',
};

/** By the codes of SQLite, and of the file system for the folder. */
const REASONS: Record<string, { reason: string; fix: string }> = {
  SQLITE_READONLY: READ_ONLY,
  SQLITE_PERM: READ_ONLY,
  EACCES: READ_ONLY,
  EPERM: READ_ONLY,
  EROFS: READ_ONLY,
  SQLITE_FULL: FULL,
  ENOSPC: FULL,
  SQLITE_CORRUPT: BROKEN,
  SQLITE_NOTADB: BROKEN,
  SQLITE_BUSY: { reason: 'another process holds its file', fix: 'Stop that process, or set another DATA_DIR.' },
  SQLITE_IOERR: { reason: 'the disk reports an error', fix: 'Check the disk on which DATA_DIR lies.' },
};

export function refusal(cause: unknown): Failure {
  const { reason, fix } = REASONS[String((cause as { code?: unknown }).code)] ?? CANNOT_OPEN;
  return failure('cache.store_refused', { tier: 'sqlite', reason, fix }, { cause });
}

export function newerSchema(): Failure {
  const reason = 'its file was written by a newer version of this service';
  return failure('cache.store_refused', {
    tier: 'sqlite',
    reason,
    fix: 'Update the service, or set another DATA_DIR.',
  });
}
