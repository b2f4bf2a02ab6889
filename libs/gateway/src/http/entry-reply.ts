// Entries of the cache as replies describe them: metadata, never the answer itself.
import type { Entry } from '#cache';
import { ownTags, provenanceOf, type Written } from '#query';

const iso = (ms: number) => new Date(ms).toISOString();

export function writtenReply({ name, createdAt, expiresAt, stored }: Written) {
  return {
    success: true,
    ...(!stored && { stored }),
    key: name,
    ttl: Math.round((expiresAt - createdAt) / 1000),
    createdAt: iso(createdAt),
    expiresAt: iso(expiresAt),
  };
}

export function entryReply(entry: Entry) {
  return {
    key: entry.name,
    createdAt: iso(entry.createdAt),
    expiresAt: iso(entry.expiresAt),
    staleUntil: iso(entry.staleUntil),
    origin: entry.origin,
    tags: ownTags(entry),
    provenance: provenanceOf(entry),
    bytes: entry.bytes,
  };
}

export function entriesReply({ entries, cursor }: { entries: Entry[]; cursor?: string | undefined }) {
  return { entries: entries.map(entryReply), cursor: cursor ?? null };
}
