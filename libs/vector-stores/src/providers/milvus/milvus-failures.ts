// What Milvus's codes mean. It answers status 200 to nearly everything, and says in the body what went wrong.
import { type Failure, failure, isFailure } from '#ports';
import { translatedFailure } from '../store-failures.js';

export const PROVIDER = 'milvus';

/** Kinds of refusal that the adapter tells apart. */
export type Meaning = 'absent' | 'not_loaded' | 'not_indexed' | 'unauthorised' | 'quota' | 'input' | 'unavailable';

/**
 * https://github.com/milvus-io/milvus/blob/master/pkg/util/merr/errors.go: codes of `merr`, those that an operator or a
 * caller can do something about. Every other code means that the server has trouble of its own.
 */
const CODES = new Map<number, Meaning>([
  ...each('unavailable', [1, 2, 4, 8, 12, 103, 106, 202, 1807]),
  ...each('quota', [3, 7, 9, 102, 250, 801]),
  ...each('absent', [100, 800]),
  ...each('not_loaded', [101, 201]),
  ...each('not_indexed', [700]),
  ...each('unauthorised', [1400, 1401, 1800]),
  // 1100 to 1102: a parameter; 701, 105: an index or a schema; 1801 to 1806: what REST cannot take.
  ...each('input', [105, 701, 802, 1100, 1101, 1102, 1700, 1701, 1801, 1802, 1803, 1804, 1806, 3000]),
]);

const FIX = 'Check VECTORDB_API_KEY (user:password, or an API key) and what its role may do.';

/** A refusal in the body of a reply, on its way to being translated. Its message may quote the input: it is not kept. */
export class MilvusRefusal extends Error {
  override readonly name = 'MilvusRefusal';

  constructor(readonly code: number) {
    super(`code ${code}`);
  }

  get meaning(): Meaning {
    return CODES.get(this.code) ?? 'unavailable';
  }
}

export function isRefusal(error: unknown, meaning: Meaning): boolean {
  return error instanceof MilvusRefusal && error.meaning === meaning;
}

/** Translates whatever a call about this collection failed with, once. */
export function translated(error: unknown, collection = ''): unknown {
  if (error instanceof MilvusRefusal) return refused(error, collection);
  if (!isFailure(error)) return error;
  return translatedFailure(error, { provider: PROVIDER, fix: FIX, meaning: ({ body }) => bodyOf(body, collection) });
}

/** The code in the body of a reply that is not 2xx, as Milvus sends for a missing key (401). */
function bodyOf(body: unknown, collection: string): Failure | undefined {
  const code = (body as { code?: unknown } | null)?.code;
  return typeof code === 'number' && CODES.has(code) ? refused(new MilvusRefusal(code), collection) : undefined;
}

function refused(cause: MilvusRefusal, collection: string): Failure {
  const facts = { provider: PROVIDER, reason: cause.message };
  switch (cause.meaning) {
    case 'absent':
      return failure('vector.collection_absent', { collection }, { cause });
    case 'unauthorised':
      return failure('vector.store_unauthorised', { provider: PROVIDER, fix: FIX }, { cause });
    case 'quota':
      return failure('vector.quota_exhausted', facts, { cause });
    case 'input':
      return failure('vector.input_refused', facts, { cause });
    default:
      return failure('vector.store_unavailable', facts, { cause });
  }
}

function each(meaning: Meaning, codes: readonly number[]): Array<[number, Meaning]> {
  return codes.map((code) => [code, meaning]);
}
