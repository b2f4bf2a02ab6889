// Everything a command touches outside its arguments: two streams, the settings, the clock and the interrupt key.
import { setTimeout as sleep } from 'node:timers/promises';
import { environmentSources, type Sources } from '#config';

export interface Io {
  /** Results: what a script reads. */
  stdout: NodeJS.WritableStream;
  /** Progress, notices and failures: what a person reads. */
  stderr: NodeJS.WritableStream & { isTTY?: boolean };
  /** Where settings come from: the environment and `.env` of the working directory. */
  sources: Sources;
  /** Aborted by Ctrl-C: commands end early and report what they have. */
  signal: AbortSignal;
  /** Waits that many milliseconds; rejects when the signal aborts. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
  /** Milliseconds of a clock that never steps back. */
  now(): number;
  /** A number from 0 up to 1. */
  random(): number;
}

/** The process itself, with anything replaced that a caller gives. */
export function processIo(given: Partial<Io> = {}): Io {
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    sources: given.sources ?? environmentSources(),
    signal: new AbortController().signal,
    wait: (ms, signal) => sleep(ms, undefined, { signal }),
    now: () => performance.now(),
    random: Math.random,
    ...given,
  };
}
