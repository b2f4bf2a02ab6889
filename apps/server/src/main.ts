// Listens to signals, starts the server, and stops it on a signal.
import { inspect } from 'node:util';
import { Failure } from '#ports';

// Before all that takes a second to load: the first process of a container hears no signal that it does not listen to.
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
const starting = import('./start.js').then(({ start }) => start());
starting.catch((error: unknown) => end('did not start', error));

/** One that is still starting is waited for. */
function stop(): void {
  const ended = () => process.exit(0);
  const failed = (error: unknown) => end('did not stop in order', error);
  void starting.then((server) => server.stop().then(ended, failed));
}

/** Ends the process. A failure's message is meant for the operator; anything else is a fault, shown with where it arose. */
function end(what: string, error: unknown): never {
  process.stderr.write(`resk-caching ${what}.\n${error instanceof Failure ? error.message : inspect(error)}\n`);
  process.exit(1);
}
