// Walks the links between documents: which lead nowhere, and which documents nobody leads to.
import { posix } from 'node:path';
import type { Document } from './documents.js';

/** From these, every document is reached. */
export const ENTRANCES = ['README.md', 'docs/README.md'];
const ELSEWHERE = /^[a-z][a-z0-9+.-]*:/i;

export interface Problem {
  path: string;
  href: string;
  why: string;
}

/** Links of the documents that lead nowhere. `files` are all paths of the repository. */
export function brokenLinks(documents: readonly Document[], files: readonly string[]): Problem[] {
  const places = placesOf(files);
  const byPath = new Map(documents.map((document) => [document.path, document]));
  return documents.flatMap(({ path, links }) =>
    links.flatMap(({ href }) => {
      const why = wrongWith(href, path, places, byPath);
      return why ? [{ path, href, why }] : [];
    }),
  );
}

/** Documents that no chain of links reaches from an entrance. A link to a folder leads to its README.md. */
export function orphans(documents: readonly Document[]): string[] {
  const byPath = new Map(documents.map((document) => [document.path, document]));
  const reached = new Set<string>();
  const next = ENTRANCES.filter((path) => byPath.has(path));
  for (let path = next.pop(); path !== undefined; path = next.pop()) {
    if (reached.has(path)) continue;
    reached.add(path);
    for (const { href, image } of byPath.get(path)!.links) {
      if (image || ELSEWHERE.test(href)) continue;
      const target = targetOf(href, path).path;
      for (const one of [target, posix.join(target, 'README.md')]) if (byPath.has(one)) next.push(one);
    }
  }
  return documents.map(({ path }) => path).filter((path) => !reached.has(path));
}

function wrongWith(
  href: string,
  from: string,
  places: ReadonlySet<string>,
  documents: ReadonlyMap<string, Document>,
): string | undefined {
  if (ELSEWHERE.test(href)) return URL.canParse(href) ? undefined : 'is no address';
  if (href.startsWith('/')) return 'is no relative link';
  const { path, anchor } = targetOf(href, from);
  if (path.startsWith('..')) return 'leaves the repository';
  if (!places.has(path)) return 'leads to no file';
  if (anchor === undefined) return undefined;
  const document = documents.get(path);
  if (!document) return 'names an anchor of a file that has none';
  return document.anchors.has(anchor) ? undefined : 'names an anchor that is not there';
}

function targetOf(href: string, from: string): { path: string; anchor: string | undefined } {
  const [file = '', anchor] = href.split('#');
  const joined = file === '' ? from : posix.join(posix.dirname(from), decodeURIComponent(file));
  return { path: joined.replace(/\/$/, ''), anchor };
}

/** Files and the folders that hold them. */
function placesOf(files: readonly string[]): Set<string> {
  const places = new Set(['.']);
  for (const file of files) {
    for (let place = file; place !== '.'; place = posix.dirname(place)) places.add(place);
  }
  return places;
}
