// Reads the values of options with the readers of the settings: one grammar for durations and numbers everywhere.
import { type Command, InvalidArgumentError } from 'commander';
import { type Setting, setting } from '#config';

/** Options of every command that talks to a server. */
export interface ServerOptions {
  url?: string;
  token?: string;
  /** Milliseconds that the command waits at most when the server asks it to. */
  maxWait: number;
}

/** Adds --url, --token and --max-wait. `maxWait` is the default, e.g. `15m`. */
export function withServerOptions(command: Command, maxWait: string): Command {
  return command
    .option('--url <url>', 'address of the server (default: RESK_URL, else this machine at PORT)', url)
    .option('--token <jwt>', 'token to send (default: RESK_TOKEN, else a short-lived one for a local server)')
    .option(
      '--max-wait <duration>',
      'longest wait when the server asks for one',
      duration({ max: DAY_MS }),
      duration()(maxWait),
    );
}

/** Options that may be given several times collect into a list. */
export function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}

export function integer(limits: { min: number; max: number }): (text: string) => number {
  return reader(setting('', { doc: '' }).integer(limits).default(''));
}

export function fraction(): (text: string) => number {
  return reader(setting('', { doc: '' }).decimal({ min: 0, max: 1 }).default(''));
}

export function duration(limits: { min?: number; max?: number } = {}): (text: string) => number {
  return reader(setting('', { doc: '' }).duration(limits).default(''));
}

export const DAY_MS = 86_400_000;

const url = reader(setting('', { doc: '' }).url(['http:', 'https:']).default(''));

function reader<T>(form: Setting<T>): (text: string) => T {
  return (text) => {
    try {
      return form.read(text);
    } catch (error) {
      throw new InvalidArgumentError(`It ${(error as Error).message}.`);
    }
  };
}
