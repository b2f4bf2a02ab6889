// resk serve: the server, in this very process.
import type { Command } from 'commander';
import { startServer } from '../server-files.js';

export function serveCommand(program: Command): void {
  program
    .command('serve')
    .summary('start the server')
    .description('Starts the server with the settings of the environment and .env, until SIGTERM or Ctrl-C.')
    .action(startServer);
}
