// Where an answer comes from: written by hand or retrieved, by which model, from which collection and sources.
import type { Entry } from '#cache';
import type { JsonObject, VectorMatch } from '#ports';

/** What is absent is not known. */
export interface Provenance {
  origin: Entry['origin'];
  /** The model that the answer is of; where it was retrieved, the one that embedded the question and the documents. */
  model?: string | undefined;
  version?: string | undefined;
  collection?: string | undefined;
  sources?: readonly string[] | undefined;
  /** The ingest runs that wrote the documents. */
  runs?: readonly string[] | undefined;
}

export type AnswerLineage = NonNullable<Entry['lineage']>;

/** Sources and runs that are named, each; an answer of more documents names the best ones'. */
const MOST_NAMED = 32;

export function provenanceOf({ origin, lineage = {} }: Pick<Entry, 'origin' | 'lineage'>): Provenance {
  const { model, version, collection, sources, runs } = lineage;
  const named = (names: readonly string[] | undefined) => (names && names.length > 0 ? names : undefined);
  return { origin, ...given({ model, version, collection, sources: named(sources), runs: named(runs) }) };
}

/** The lineage of an answer made of matches, best first. */
export function lineageOf(
  matches: readonly VectorMatch[],
  made: { provider: string; model: string; version: string; collection: string },
): AnswerLineage {
  const named = (names: (string | undefined)[]) =>
    [...new Set(names)].filter((one) => one !== undefined).slice(0, MOST_NAMED);
  return {
    ...made,
    sources: named(matches.map((one) => one.source)),
    runs: named(matches.map((one) => one.lineage?.ingestRun)),
  };
}

/** A match as callers are given it. Whom it is about is told to those alone who ask for that person. */
export function givenMatch({ id, score, text, metadata, source, lineage }: VectorMatch): JsonObject {
  const more = given({ source, lineage: lineage && givenLineage(lineage) });
  return { id, score, ...given({ text }), metadata, ...more };
}

export function givenLineage({ ingestedAt, ...lineage }: NonNullable<VectorMatch['lineage']>): JsonObject {
  return { ...given(lineage), ingestedAt: new Date(ingestedAt).toISOString() };
}

/** The fields that have a value, so that an absent one stays absent. */
export function given<T extends object>(fields: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } {
  const present = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present) as { [Name in keyof T]?: Exclude<T[Name], undefined> };
}
