// Starts the server that the environment describes, and says where it is.
import { ensureDataFolder, environmentSources, readConfig } from '#config';
import { needsDataFolder } from './data-folder.js';
import { greeting } from './greeting.js';
import { sections } from './sections.js';
import { type RunningServer, startServer } from './server.js';

export async function start(): Promise<RunningServer> {
  const sources = environmentSources();
  const config = readConfig(sections, sources);
  // Before all that keeps something there: each would say in its own way what is one problem.
  if (needsDataFolder(config)) ensureDataFolder(config.runtime.dataDir, sources);
  const server = await startServer(config);
  if (config.runtime.environment !== 'production') process.stdout.write(greeting(server.url, config));
  return server;
}
