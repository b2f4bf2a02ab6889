// Makes an entry of what was retrieved: the matches, whom they are about, what they were made of and what that cost.
import type { EntryDraft } from '#cache';
import type { AnswerTies } from './answer-ties.js';
import type { Retrieved } from './knowledge.service.js';
import { givenMatch, lineageOf } from './provenance.js';

export interface DraftOptions {
  /** Life that was asked for. Milliseconds. */
  ttlMs: number | undefined;
  /** Life of an entry that asks for none. Milliseconds. */
  defaultTtlMs: number;
  /** Tags beside those of the documents. */
  tags: readonly string[];
  now: number;
}

export function retrievedDraft({ matches, made }: Retrieved, ties: AnswerTies, o: DraftOptions): EntryDraft {
  if (matches.length === 0 || !made) {
    // How long it is remembered that there is nothing is the operator's to say.
    return { json: 'null', negative: true, origin: 'vectordb', tags: o.tags };
  }
  const { ref, by, cost, endsAt } = made;
  // An answer does not outlive the documents that it is made of, as far as their age is limited.
  const ttlMs = endsAt === undefined ? o.ttlMs : Math.min(o.ttlMs ?? o.defaultTtlMs, Math.max(0, endsAt - o.now));
  const ids = matches.map(({ id }) => id);
  return {
    json: JSON.stringify({ matches: matches.map(givenMatch) }),
    origin: 'vectordb',
    tags: [...o.tags, ...ties.tagsOf(ref, ids)],
    subjects: [...new Set(matches.map(({ subject }) => subject))].filter((one) => one !== undefined),
    lineage: lineageOf(matches, { ...by, collection: ref.collection }),
    ...(cost && { cost }),
    ...(ttlMs !== undefined && { ttlMs }),
    ...(endsAt !== undefined && { staleMs: 0 }),
  };
}
