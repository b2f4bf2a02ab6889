// Runs the promises of providers one after the other, and tells of each whether it holds.
import { type ContractCase, failure, isFailure } from '#ports';
import { withTimeout } from '#resilience';
import type { Io } from './io.js';
import type { Trial } from './provider-trials.js';

/** How one promise came out. */
export interface Outcome {
  promise: string;
  kept: boolean;
  /** The failure's code, where it was one of the table. */
  code?: string;
  reason?: string;
}

export interface Verdict {
  family: string;
  provider: string;
  outcomes: Outcome[];
}

export interface CheckOptions {
  /** Milliseconds that one promise may take. */
  timeoutMs: number;
  json: boolean;
}

/**
 * Proves all, and prints lines as they come or one JSON text at the end.
 * @throws Failure `cli.promises_broken`
 */
export async function checkAll(trials: readonly Trial[], options: CheckOptions, io: Io): Promise<void> {
  const verdicts: Verdict[] = [];
  for (const trial of trials) verdicts.push(await proven(trial, options, io));
  if (options.json)
    io.stdout.write(`${JSON.stringify({ holds: verdicts.every(holds), providers: verdicts }, null, 2)}\n`);
  const count = verdicts.flatMap(({ outcomes }) => outcomes.filter(({ kept }) => !kept)).length;
  if (count > 0) throw failure('cli.promises_broken', { count });
}

async function proven(trial: Trial, { timeoutMs, json }: CheckOptions, io: Io): Promise<Verdict> {
  const { family, provider, cases } = trial;
  const outcomes: Outcome[] = [];
  if (!json) io.stdout.write(`${family} ${provider}\n`);
  try {
    for (const { name, run } of [opens(trial), ...cases]) {
      io.signal.throwIfAborted();
      const outcome = await outcomeOf(name, () => withTimeout(`"${name}"`, timeoutMs, io.signal, run));
      outcomes.push(outcome);
      if (!json) io.stdout.write(lineOf(outcome));
      // What cannot be opened can be asked for nothing else.
      if (outcomes.length === 1 && !outcome.kept) break;
    }
  } finally {
    await trial.close();
  }
  const kept = outcomes.filter((one) => one.kept).length;
  if (!json) io.stdout.write(`  ${kept} of ${cases.length + 1} promises hold\n\n`);
  return { family, provider, outcomes };
}

function opens({ open }: Trial): ContractCase {
  return {
    name: 'opens as the configuration says, and answers',
    async run() {
      const opened = await open();
      try {
        await opened.health?.();
      } finally {
        await opened.close();
      }
    },
  };
}

async function outcomeOf(promise: string, run: () => Promise<void>): Promise<Outcome> {
  try {
    await run();
    return { promise, kept: true };
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0]! : String(error);
    return { promise, kept: false, ...(isFailure(error) && { code: error.code }), reason };
  }
}

function lineOf({ promise, kept, code, reason }: Outcome): string {
  if (kept) return `  kept    ${promise}\n`;
  return `  BROKEN  ${promise}\n          ${reason}${code ? ` [${code}]` : ''}\n`;
}

function holds({ outcomes }: Verdict): boolean {
  return outcomes.every(({ kept }) => kept);
}
