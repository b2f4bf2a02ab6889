// Starts the server, says where it is, and stops it on a signal.
import { readConfig } from '#config';
import { Failure } from '#ports';
import { greeting } from './greeting.js';
import { sections } from './sections.js';
import { startServer } from './server.js';

async function main(): Promise<void> {
  const config = readConfig(sections);
  const server = await startServer(config);
  const stop = () => void server.stop().then(() => process.exit(0), crash);
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  if (config.runtime.environment !== 'production') process.stdout.write(greeting(server.url, config));
}

/** Says what keeps the server from starting. A failure's message is meant for the operator; anything else is a fault. */
function crash(error: unknown): never {
  const reason = error instanceof Failure ? error.message : ((error as Error)?.stack ?? String(error));
  process.stderr.write(`resk-caching did not start.\n${reason}\n`);
  process.exit(1);
}

main().catch(crash);
