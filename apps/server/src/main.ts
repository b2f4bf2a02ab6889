// Starts the server, says where it is, and stops it on a signal.
import { inspect } from 'node:util';
import { readConfig } from '#config';
import { Failure } from '#ports';
import { greeting } from './greeting.js';
import { sections } from './sections.js';
import { startServer } from './server.js';

async function main(): Promise<void> {
  const config = readConfig(sections);
  const starting = startServer(config);
  const ended = () => process.exit(0);
  const failed = (error: unknown) => end('did not stop in order', error);
  // One that is still starting is waited for: as the first process of a container it would not hear the signal else.
  const stop = () => void starting.then((server) => server.stop().then(ended, failed));
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  const server = await starting;
  if (config.runtime.environment !== 'production') process.stdout.write(greeting(server.url, config));
}

/** Ends the process. A failure's message is meant for the operator; anything else is a fault, shown with where it arose. */
function end(what: string, error: unknown): never {
  process.stderr.write(`resk-caching ${what}.\n${error instanceof Failure ? error.message : inspect(error)}\n`);
  process.exit(1);
}

main().catch((error: unknown) => end('did not start', error));
