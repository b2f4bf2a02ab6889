// Starts the server, says where it is, and stops it on a signal.
import { inspect } from 'node:util';
import { readConfig } from '#config';
import { Failure } from '#ports';
import { greeting } from './greeting.js';
import { sections } from './sections.js';
import { startServer } from './server.js';

async function main(): Promise<void> {
  const config = readConfig(sections);
  const server = await startServer(config);
  const ended = () => process.exit(0);
  const stop = () => void server.stop().then(ended, (error: unknown) => end('did not stop in order', error));
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  if (config.runtime.environment !== 'production') process.stdout.write(greeting(server.url, config));
}

/** Ends the process. A failure's message is meant for the operator; anything else is a fault, shown with where it arose. */
function end(what: string, error: unknown): never {
  process.stderr.write(`resk-caching ${what}.\n${error instanceof Failure ? error.message : inspect(error)}\n`);
  process.exit(1);
}

main().catch((error: unknown) => end('did not start', error));
