// Node's own SQLite. Older versions of Node warn once that it is young; that one warning is known and kept quiet.
import type * as Sqlite from 'node:sqlite';
import { failure } from '#ports';

let loaded: typeof Sqlite | undefined;

/**
 * `node:sqlite`.
 * @throws Failure `records.refused` where Node is too old to have it
 */
export function sqliteModule(builtIn: (name: string) => unknown = process.getBuiltinModule): typeof Sqlite {
  loaded ??= withoutOneWarning(() => builtIn('node:sqlite') as typeof Sqlite | undefined);
  if (loaded) return loaded;
  const reason = `Node ${process.versions.node} has no SQLite`;
  throw failure('records.refused', { reason, fix: 'Run Node 22.15 or newer.' });
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
