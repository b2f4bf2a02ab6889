// A process that a test started ends with the test, and with whoever runs it.
import type { ChildProcess } from 'node:child_process';
import { onTestFinished } from 'vitest';

/** `ended` settles when the process has. */
export function endsWithTest(child: ChildProcess, ended: Promise<unknown>): void {
  const endWithUs = () => child.kill('SIGKILL');
  process.once('exit', endWithUs);
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
    process.removeListener('exit', endWithUs);
  });
}
