// Makes documents of Markdown and plain-text files: one a passage, with the headings that it stands under.

import { isUtf8 } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { contentId, type Reading } from './documents.js';
import { type SourceFile, unreadable } from './files.js';
import { type Cut, markdownPassages, type Passage, plainPassages } from './passages.js';

/** A file is read whole to be cut; what is larger is not a text that people wrote. */
const MOST_BYTES = 64 * 1024 ** 2;

export async function* passagesIn(file: SourceFile, kind: 'markdown' | 'plain', cut: Cut): AsyncGenerator<Reading> {
  if (file.size > MOST_BYTES) return yield refused(file, 'it is larger than 64 MiB');
  const bytes = await readFile(file.path).catch((error: unknown) => {
    throw unreadable(file.path, error);
  });
  if (!isUtf8(bytes)) return yield refused(file, 'it is not UTF-8 (save the file as UTF-8)');
  const text = bytes.toString('utf8').replace(/^\uFEFF/, '');
  const passages = kind === 'markdown' ? markdownPassages(text, cut) : plainPassages(text, cut);
  if (passages.length === 0) return yield refused(file, 'it holds no text');
  // What a passage weighs in the progress: its share of the file.
  const share = file.size / passages.length;
  for (const [at, passage] of passages.entries()) yield documentOf(passage, at, file.source, share);
}

function documentOf({ text, line, headings }: Passage, passage: number, source: string, bytes: number): Reading {
  const metadata = { passage, ...(headings.length > 0 && { heading: headings.join(' › ') }) };
  return { row: line, bytes, document: { id: contentId(text), text, metadata, source } };
}

function refused({ size }: SourceFile, reason: string): Reading {
  return { row: 1, bytes: size, reason };
}
