// Finds the files that are to be ingested: those that are named, and those in folders that are named.
import { readdir, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { failure } from '#ports';

export interface SourceFile {
  path: string;
  /** What documents name as their source: no more of the path than its reader needs. */
  source: string;
  /** Bytes; 0 for a pipe. */
  size: number;
}

const TABLES = ['.csv', '.jsonl', '.ndjson'];
const MARKDOWN = ['.md', '.markdown'];
const PLAIN = ['.txt', '.text'];
const KNOWN = new Set([...TABLES, ...MARKDOWN, ...PLAIN]);

export type Kind = 'csv' | 'jsonl' | 'markdown' | 'plain';

/** By its ending; whatever has none of ours is CSV. */
export function kindOf(path: string): Kind {
  const ending = extname(path).toLowerCase();
  if (MARKDOWN.includes(ending)) return 'markdown';
  if (PLAIN.includes(ending)) return 'plain';
  return ending === '.jsonl' || ending === '.ndjson' ? 'jsonl' : 'csv';
}

/**
 * The files of the arguments in their order, those of a folder in the order of their names. In folders only files of a
 * known ending count; hidden ones, `node_modules` and links that lead elsewhere do not.
 */
export async function filesOf(paths: readonly string[]): Promise<SourceFile[]> {
  const found: SourceFile[] = [];
  for (const path of paths) found.push(...(await filesAt(path)));
  return found;
}

async function filesAt(path: string): Promise<SourceFile[]> {
  try {
    const { size, isFolder } = await stat(path).then((one) => ({ size: one.size, isFolder: one.isDirectory() }));
    if (!isFolder) return [{ path, source: basename(path), size }];
    const inside = await filesIn(path, '');
    if (inside.length === 0) throw failure('cli.file_unreadable', { file: path, reason: NOTHING_KNOWN });
    return inside;
  } catch (error) {
    throw unreadable(path, error);
  }
}

const NOTHING_KNOWN = `no file in it ends in ${[...KNOWN].join(', ')}`;

async function filesIn(root: string, folder: string): Promise<SourceFile[]> {
  const found: SourceFile[] = [];
  const entries = await readdir(join(root, folder), { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name.startsWith('.') || entry.name === 'node_modules') continue;
    const source = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) found.push(...(await filesIn(root, source)));
    else if (entry.isFile() && KNOWN.has(extname(entry.name).toLowerCase())) {
      const path = join(root, source);
      found.push({ path, source, size: (await stat(path)).size });
    }
  }
  return found;
}

/** An error of the file system as a failure that names the file; others as they are. */
export function unreadable(file: string, error: unknown): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException;
  return syscall === undefined
    ? error
    : failure('cli.file_unreadable', { file, reason: code ?? 'unknown' }, { cause: error });
}
