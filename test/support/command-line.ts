// The command line in the folder of a server: it finds the address and the secret as the server does.
import { Writable } from 'node:stream';
import { environmentSources } from '#config';
import { run } from '../../apps/cli/src/run.js';
import type { TestServer } from './server.js';

/** Runs `resk` with these arguments. Gives its exit code and what it printed. */
export async function resk(server: Pick<TestServer, 'dataDir' | 'url'>, argv: readonly string[]) {
  const texts = { out: '', err: '' };
  const into = (name: 'out' | 'err') =>
    new Writable({
      write(chunk, _encoding, done) {
        texts[name] += chunk;
        done();
      },
    });
  const env = { DATA_DIR: server.dataDir, PORT: new URL(server.url).port };
  const sources = environmentSources({ env, envFile: false });
  const code = await run(argv, { stdout: into('out'), stderr: into('err'), sources });
  return { code, ...texts };
}
