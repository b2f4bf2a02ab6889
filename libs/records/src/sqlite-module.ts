// Node's own SQLite. Older versions of Node warn once that it is young; that one warning is known and kept quiet.
import type * as Sqlite from 'node:sqlite';
import { failure } from '#ports';

let loaded: typeof Sqlite | undefined;

/** `node:sqlite`; `undefined` where Node is too old to have it (before 22.15). */
export function nodeSqlite(builtIn: (name: string) => unknown = process.getBuiltinModule): typeof Sqlite | undefined {
  loaded ??= withoutOneWarning(() => builtIn('node:sqlite') as typeof Sqlite | undefined);
  return loaded;
}

/** @throws Failure `records.refused` where Node is too old to have it */
export function sqliteModule(builtIn?: (name: string) => unknown): typeof Sqlite {
  const reason = `Node ${process.versions.node} has no SQLite`;
  const found = nodeSqlite(builtIn);
  if (!found) throw failure('records.refused', { reason, fix: 'Run Node 22.15 or newer.' });
  return found;
}

function withoutOneWarning<T>(load: () => T): T {
  const emit = process.emitWarning;
  process.emitWarning = ((warning: string | Error, ...rest: unknown[]) => {
    const young = String(warning).startsWith('SQLite is an experimental feature');
    if (!young) Reflect.apply(emit, process, [warning, ...rest]);
  }) as typeof process.emitWarning;
  try {
    return load();
  } finally {
    process.emitWarning = emit;
  }
}
