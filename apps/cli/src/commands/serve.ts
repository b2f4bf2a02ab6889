// resk serve: the server in this very process, so that signals and the exit code are its own.
import type { Command } from 'commander';
import { failure } from '#ports';

// Not an import that the compiler follows: the command line composes the engine, the server composes itself.
const SERVER = new URL('../../../server/src/main.js', import.meta.url).href;

export function serveCommand(program: Command, start: () => Promise<unknown> = () => import(SERVER)): void {
  program
    .command('serve')
    .summary('start the server')
    .description('Starts the server with the settings of the environment and .env, until SIGTERM or Ctrl-C.')
    .action(async () => {
      try {
        await start();
      } catch (error) {
        if ((error as { url?: string }).url !== SERVER) throw error;
        throw failure('cli.server_not_built', {}, { cause: error });
      }
    });
}
