// The Markdown of this repository as its tests see it: headings with their anchors, links, words in code, and fenced blocks.
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lexer, type Token, walkTokens } from 'marked';
import { type Fence, fencesOf } from './fences.js';

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** Not read: what is made, what belongs to others, and templates whose names are not yet filled in. */
const LEFT_OUT = new Set(['node_modules', 'dist', 'data', 'coverage', '.git', 'apps/cli/templates']);

/** An anchor set by hand. */
const NAMED = /\b(?:id|name)="([^"]+)"/g;

export interface Link {
  /** As it is written. */
  href: string;
  /** A picture, which is shown and not followed. */
  image: boolean;
}

export interface Document {
  /** From the root of the repository, with slashes. */
  path: string;
  text: string;
  anchors: Set<string>;
  links: Link[];
  /** Texts between single backticks, in tables and prose. */
  words: string[];
  fences: Fence[];
}

/** Every file of a repository, by path with slashes, sorted. */
export function filesOf(root: string, folder = ''): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .flatMap((entry) => {
      const path = posix.join(folder, entry.name);
      if (LEFT_OUT.has(entry.name) || LEFT_OUT.has(path)) return [];
      return entry.isDirectory() ? filesOf(root, path) : [path];
    })
    .sort();
}

/** Every document of a repository. */
export function documentsOf(root: string): Document[] {
  const paths = filesOf(root).filter((path) => path.endsWith('.md'));
  return paths.map((path) => documentOf(path, readFileSync(join(root, path), 'utf8')));
}

export function documentOf(path: string, text: string): Document {
  const found: Document = { path, text, anchors: new Set(), links: [], words: [], fences: fencesOf(text) };
  const seen = new Map<string, number>();
  for (const token of tokensOf(text)) {
    if (token.type === 'heading') found.anchors.add(anchorOf(plain(token.tokens ?? []), seen));
    if (token.type === 'html') for (const [, id] of token.raw.matchAll(NAMED)) found.anchors.add(id!);
    if (token.type === 'link' || token.type === 'image') {
      found.links.push({ href: token.href as string, image: token.type === 'image' });
    }
    if (token.type === 'codespan') found.words.push(unescaped(token.text as string));
  }
  return found;
}

/** Every token, however deep. */
function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  void walkTokens(lexer(text), (token) => void tokens.push(token));
  return tokens;
}

/** The text of a heading as a reader sees it. */
function plain(tokens: Token[]): string {
  return tokens
    .map((token) => {
      const { tokens: inner, text = '' } = token as { tokens?: Token[]; text?: string };
      return inner?.length ? plain(inner) : unescaped(text);
    })
    .join('');
}

/** The anchor that GitHub gives a heading; the second of the same name gets `-1`. */
export function anchorOf(heading: string, seen: Map<string, number>): string {
  const slug = heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}_\- ]/gu, '')
    .replaceAll(' ', '-');
  const before = seen.get(slug);
  seen.set(slug, (before ?? -1) + 1);
  return before === undefined ? slug : `${slug}-${before + 1}`;
}

function unescaped(text: string): string {
  const signs: Record<string, string> = { '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'", '&amp;': '&' };
  return text.replace(/&(?:lt|gt|quot|#39|amp);/g, (sign) => signs[sign]!);
}
