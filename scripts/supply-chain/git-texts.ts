// The texts that a repository hands to whoever clones it: the files of now, and every version there ever was.
import { spawn, spawnSync } from 'node:child_process';
import { lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isText, type Text } from './secret-scan.js';

const MOST_BYTES = 8 * 1024 ** 2;

function git(root: string, ...args: string[]): string {
  const done = spawnSync('git', args, { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 29 });
  if (done.status !== 0) throw new Error(`git ${args[0]} failed: ${done.stderr}`);
  return done.stdout;
}

/** Files that git tracks, and those that it would: new, and not ignored. */
export function* presentTexts(root: string): Generator<Text> {
  for (const path of git(root, 'ls-files', '-z', '--cached', '--others', '--exclude-standard').split('\0')) {
    const file = join(root, path);
    // Of a link git keeps the name of its target alone; what was removed is still listed.
    if (path === '' || !lstatSync(file, { throwIfNoEntry: false })?.isFile()) continue;
    const content = readFileSync(file);
    if (isText(content)) yield { at: path, content: content.toString('utf8') };
  }
}

/** Every version of every file that any branch or tag reaches, each once, with the shortest name git gives it. */
export async function* pastTexts(root: string): AsyncGenerator<Text> {
  const names = new Map<string, string>();
  for (const line of git(root, 'rev-list', '--objects', '--all').split('\n')) {
    const [id, path] = [line.slice(0, 40), line.slice(41)];
    if (path !== '') names.set(id, path);
  }
  for await (const { id, content } of blobs(root, [...names.keys()]))
    if (isText(content)) yield { at: `${names.get(id)} in ${id.slice(0, 10)}`, content: content.toString('utf8') };
}

/** The contents of these objects, of one process for all; folders and what is too large are left out. */
async function* blobs(root: string, ids: string[]): AsyncGenerator<{ id: string; content: Buffer }> {
  const child = spawn('git', ['cat-file', '--batch'], { cwd: root, stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(`${ids.join('\n')}\n`);
  let held = Buffer.alloc(0);
  for await (const chunk of child.stdout) {
    held = Buffer.concat([held, chunk as Buffer]);
    for (let next = firstObject(held); next; next = firstObject(held)) {
      held = held.subarray(next.end);
      if (next.type === 'blob' && next.content.length <= MOST_BYTES) yield next;
    }
  }
  if (held.length > 0) throw new Error('git cat-file ended within an object');
}

/** `<id> <type> <size>\n<content>\n`, if all of it has come. */
function firstObject(held: Buffer) {
  const headEnd = held.indexOf(10);
  if (headEnd < 0) return undefined;
  const [id, type, size] = held.subarray(0, headEnd).toString().split(' ');
  const contentEnd = headEnd + 1 + Number(size);
  if (held.length < contentEnd + 1) return undefined;
  return { id: id!, type, content: held.subarray(headEnd + 1, contentEnd), end: contentEnd + 1 };
}
