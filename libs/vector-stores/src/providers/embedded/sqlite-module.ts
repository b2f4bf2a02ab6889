// Node's own SQLite, for the file of the embedded store.
import type * as Sqlite from 'node:sqlite';
import { failure } from '#ports';
import { nodeSqlite } from '#records';

/** @throws Failure `vector.store_refused` where Node is too old to have it */
export function sqliteModule(found: typeof Sqlite | undefined = nodeSqlite()): typeof Sqlite {
  if (found) return found;
  const facts = { reason: `Node ${process.versions.node} has no SQLite`, fix: 'Run Node 22.15 or newer.' };
  throw failure('vector.store_refused', { provider: 'embedded', ...facts });
}
