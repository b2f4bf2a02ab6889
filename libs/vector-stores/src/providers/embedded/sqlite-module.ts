// Node's own SQLite. Older versions of Node warn once that it is young; that one warning is known and kept quiet.
import type * as Sqlite from 'node:sqlite';
import { failure } from '#ports';

let loaded: typeof Sqlite | undefined;

/**
 * `node:sqlite`.
 * @throws Failure `vector.store_refused` where Node is too old to have it
 */
export function sqliteModule(): typeof Sqlite {
  loaded ??= withoutOneWarning(() => process.getBuiltinModule('node:sqlite')) ?? tooOld();
  return loaded;
}

function tooOld(): never {
  const facts = { reason: `Node ${process.versions.node} has no SQLite`, fix: 'Run Node 22.15 or newer.' };
  throw failure('vector.store_refused', { provider: 'embedded', ...facts });
}

/** Runs `load`, and keeps back the warning that SQLite is young, if that is emitted meanwhile. Exported for its test. */
export function withoutOneWarning<T>(load: () => T): T {
  const emit = process.emitWarning;
  process.emitWarning = ((warning: string | Error, ...rest: unknown[]) => {
    if (!String(warning).startsWith('SQLite is an experimental feature')) {
      Reflect.apply(emit, process, [warning, ...rest]);
    }
  }) as typeof process.emitWarning;
  try {
    return load();
  } finally {
    process.emitWarning = emit;
  }
}
