// The one file that reads the environment: process variables, then a .env file, then files named by NAME_FILE.
import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';

/** A text with where it came from, for error messages. Never names a path of the machine beyond what the operator wrote. */
export interface Sourced {
  text: string;
  source: string;
}

export interface Sources {
  /** The text of a variable; `undefined` where it is not set or blank. Throws an `Error` for a file that cannot be read. */
  lookUp(env: string, secret: boolean): Sourced | undefined;
}

export interface SourceOptions {
  env?: NodeJS.ProcessEnv;
  /** Path of a .env file; absent files are passed over. `false` reads none. */
  envFile?: string | false;
}

export function environmentSources({ env = process.env, envFile = '.env' }: SourceOptions = {}): Sources {
  const file = envFile === false ? {} : readEnvFile(envFile);
  const layers: Array<[NodeJS.Dict<string>, string]> = [
    [env, 'environment'],
    [file, String(envFile)],
  ];
  const find = (name: string): Sourced | undefined => {
    for (const [values, source] of layers) {
      const text = values[name];
      if (text !== undefined && text.trim() !== '') return { text, source };
    }
    return undefined;
  };
  return {
    lookUp(name, secret) {
      const direct = find(name);
      if (direct || !secret) return direct;
      const named = find(`${name}_FILE`);
      return named && { text: readSecretFile(named.text), source: `file named by ${name}_FILE` };
    },
  };
}

function readEnvFile(path: string): NodeJS.Dict<string> {
  try {
    return parseEnv(readFileSync(path, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}

function readSecretFile(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw new Error(`cannot be read from its file (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`);
  }
}
