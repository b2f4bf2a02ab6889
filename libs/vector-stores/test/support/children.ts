// Runs a program of this folder in a process of its own, from its source.
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

/** Lets Node find `x.ts` where `x.js` is imported, as the compiler does. */
const SOURCES = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module';
  registerHooks({
    resolve: (name, context, next) =>
      next(name.startsWith('.') && context.parentURL?.endsWith('.ts') ? name.replace(/\\.js$/, '.ts') : name, context),
  });
`)}`;

const FLAGS = ['--no-warnings', '--experimental-transform-types', '--conditions=source', '--import', SOURCES];

export interface ChildOptions {
  /** The user to run as, by number; needs to be root. */
  uid?: number;
  /** Largest file that it may write, in KiB. */
  fileLimitKiB?: number;
}

/** Starts a program; it is killed when the test ends. */
export function startProgram(
  name: string,
  args: readonly string[],
  { uid, fileLimitKiB }: ChildOptions = {},
): ChildProcess {
  const program = fileURLToPath(new URL(`./${name}`, import.meta.url));
  const command = [process.execPath, ...FLAGS, program, ...args];
  // The shell's limit for files counts KiB here, and the shell gives way to the program.
  const limited =
    fileLimitKiB === undefined ? command : ['bash', '-c', `ulimit -f ${fileLimitKiB}; exec "$@"`, 'bash', ...command];
  const child = spawn(limited[0]!, limited.slice(1), {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(uid !== undefined && { uid }),
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

/** Runs a program to its end, and gives what it printed. */
export async function runProgram(name: string, args: readonly string[], options?: ChildOptions): Promise<string> {
  const child = startProgram(name, args, options);
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (part: Buffer) => (printed += part.toString()));
  await new Promise((resolve) => child.once('close', resolve));
  return printed;
}
