// Says which failure a call must end with.
import { expect } from 'vitest';
import { type FailureCode, isFailure } from '#ports';

export async function refused(code: FailureCode, call: Promise<unknown>): Promise<void> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(isFailure(error) ? error.code : error).toBe(code);
}
