// Refuses what is not a cursor of a page before.
import { type Failure, failure } from '#ports';

/** The failure for a cursor that the store did not give. */
export function unknownCursor(): Failure {
  const message = 'Must be the cursor of a page before. Leave it out to begin.';
  const problems = [{ path: 'cursor', code: 'vector.cursor_unknown', message }];
  return failure('request.invalid', { part: 'cursor', count: problems.length }, { problems });
}
