// Takes from a vector store only what an answer may be made of: whole matches, as many as were asked for.
import { failure, type VectorMatch, type VectorQuery } from '#ports';

/**
 * The matches, where the reply is of its documented form. Whatever the store gives is kept and served to others, so a
 * reply that is not whole is a failure of the store, never an answer.
 * @throws Failure `vector.reply_invalid`
 */
export function checkedMatches(
  matches: readonly VectorMatch[],
  { k }: Pick<VectorQuery, 'k'>,
  provider: string,
): VectorMatch[] {
  if (!Array.isArray(matches) || !matches.every(isMatch)) {
    throw failure('vector.reply_invalid', { provider, reason: 'matches that are not whole' });
  }
  return matches.slice(0, k);
}

function isMatch(value: unknown): value is VectorMatch {
  if (typeof value !== 'object' || value === null) return false;
  const { id, score, text, metadata } = value as Partial<VectorMatch>;
  const named = typeof id === 'string' && id !== '';
  const scored = typeof score === 'number' && score >= 0 && score <= 1;
  const told = text === undefined || typeof text === 'string';
  return named && scored && told && typeof metadata === 'object' && metadata !== null && !Array.isArray(metadata);
}
