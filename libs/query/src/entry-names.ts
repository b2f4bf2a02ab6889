// Which entries may answer a question: the one written for it, and the one retrieved the way it asks for.
import { LRUCache } from 'lru-cache';
import { type CacheConfig, canonicalKey, type EntryRef } from '#cache';
import type { KeyNames } from '#crypto';
import type { JsonObject } from '#ports';
import type { Question, QuestionName, Retrieval } from './question.js';

/** Memory for names of questions asked lately. */
const REMEMBERED_BYTES = 8 * 1024 ** 2;
/** About what an entry's name and its place in the list take. */
const REF_BYTES = 300;

export type KeyProfile = CacheConfig['keyProfile'];

/** Names entries. The same question gives the same names in every process that shares the key-name secret. */
export class EntryNames {
  /** Names of plain questions asked lately: a name costs more than the rest of a hit. A tenant holds no line break. */
  private readonly plain = new LRUCache<string, EntryRef>({
    maxSize: REMEMBERED_BYTES,
    sizeCalculation: (_, place) => 2 * place.length + REF_BYTES,
  });

  constructor(
    private readonly names: KeyNames,
    private readonly profile: KeyProfile,
  ) {}

  /** The entry that an answer is written under: retrieval options do not count. */
  written(question: QuestionName, tenant: string): EntryRef {
    const { query, language, model, params } = question;
    if (language !== undefined || model !== undefined || params !== undefined) return this.named(question, tenant);
    const place = `${tenant}\n${query}`;
    let known = this.plain.get(place);
    if (!known) {
      known = this.named(question, tenant);
      this.plain.set(place, known);
    }
    return known;
  }

  private named({ query, language, model, params }: QuestionName, tenant: string): EntryRef {
    return { tenant, name: canonicalKey({ tenant, query, language, model, params }, this.names, this.profile) };
  }

  /** The entry that an answer retrieved with these options and for this purpose is kept under; without any, the same as `written`. */
  retrieved(question: QuestionName & Pick<Question, 'vector' | 'purpose'>, tenant: string): EntryRef {
    const { query, language, model, params, vector, purpose } = question;
    if (!isShaped(vector) && purpose === undefined) return this.written(question, tenant);
    // No option of retrieval is called `purpose`.
    const retrieval = JSON.parse(JSON.stringify({ ...vector, purpose })) as JsonObject;
    return {
      tenant,
      name: canonicalKey({ tenant, query, language, model, params, retrieval }, this.names, this.profile),
    };
  }

  /** What questions must have in common, besides their meaning, to have one answer: all that names an entry but the text. */
  form(question: Omit<Question, 'query'>, tenant: string): string {
    return this.retrieved({ ...question, query: '~' }, tenant).name;
  }

  /** The tag under which all entries of a question's text stand, whatever their language, model, params or retrieval. */
  questionTag(query: string, tenant: string): string {
    return `~${canonicalKey({ tenant, query }, this.names, this.profile)}`;
  }
}

/** Whether retrieval options were given that shape the answer. */
export function isShaped(vector: Retrieval | undefined): vector is Retrieval {
  return vector !== undefined && Object.values(vector).some((value) => value !== undefined);
}
