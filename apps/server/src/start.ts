// Starts the server that the environment describes, and says where it is.
import { readConfig } from '#config';
import { greeting } from './greeting.js';
import { sections } from './sections.js';
import { type RunningServer, startServer } from './server.js';

export async function start(): Promise<RunningServer> {
  const config = readConfig(sections);
  const server = await startServer(config);
  if (config.runtime.environment !== 'production') process.stdout.write(greeting(server.url, config));
  return server;
}
