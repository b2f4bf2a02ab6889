// The command resk: its commands, and what an exit code says of how one ended.
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { Failure } from '#ports';
import { auditCommand } from './commands/audit.js';
import { backupCommand } from './commands/backup.js';
import { configCommand } from './commands/config-check.js';
import { demoCommand } from './commands/demo.js';
import { ingestCommand } from './commands/ingest.js';
import { keysCommand } from './commands/keys.js';
import { privacyCommand } from './commands/privacy.js';
import { providerCommand } from './commands/provider.js';
import { receiptCommand } from './commands/receipt.js';
import { driftCommand, reindexCommand } from './commands/reindex.js';
import { replayCommand } from './commands/replay.js';
import { serveCommand } from './commands/serve.js';
import { tenantCommand } from './commands/tenant.js';
import { tokenCommand } from './commands/token.js';
import { usageCommand } from './commands/usage.js';
import { warmCommand } from './commands/warm.js';
import { EXIT_CODES, INTERRUPTED } from './exit-codes.js';
import { type Io, processIo } from './io.js';
import { packageFile } from './package-folder.js';

/** Runs one command line, without the program's name. Gives the exit code; never throws. */
export async function run(argv: readonly string[], given: Partial<Io> = {}): Promise<number> {
  const io = processIo(given);
  try {
    await program(io).parseAsync([...argv], { from: 'user' });
    return io.signal.aborted ? INTERRUPTED : 0;
  } catch (error) {
    return ended(error, io);
  }
}

/** The command line with all its commands, before anything is read. */
export function program(io: Io): Command {
  const resk = new Command('resk')
    .description('Cache for answers of language models, in front of a vector store.')
    .version(version())
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
    })
    .showHelpAfterError('(add --help for what there is)')
    .addHelpText('after', '\nExit codes and examples: docs/USAGE.md');
  const commands = [
    serveCommand,
    tokenCommand,
    ingestCommand,
    warmCommand,
    replayCommand,
    demoCommand,
    configCommand,
    backupCommand,
    auditCommand,
    keysCommand,
    reindexCommand,
    driftCommand,
    tenantCommand,
    usageCommand,
    privacyCommand,
    receiptCommand,
    providerCommand,
  ];
  for (const add of commands) add(resk, io);
  return resk;
}

function version(): string {
  return (JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as { version: string }).version;
}

function ended(error: unknown, io: Io): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_CODES.invalid;
  if (io.signal.aborted) {
    io.stderr.write('resk: interrupted\n');
    return INTERRUPTED;
  }
  if (!(error instanceof Failure)) {
    io.stderr.write(`resk: unexpected failure\n${(error as Error)?.stack ?? String(error)}\n`);
    return EXIT_CODES.internal;
  }
  io.stderr.write(`resk: ${error.message} [${error.code}]\n`);
  for (const { path, message } of error.code === 'config.invalid' ? [] : (error.problems ?? [])) {
    io.stderr.write(`  ${path}: ${message}\n`);
  }
  return EXIT_CODES[error.kind];
}
