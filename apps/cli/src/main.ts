// Starts the command line in this process.
import { run } from './run.js';

const interrupt = new AbortController();
const [command] = process.argv.slice(2);
// The server that resk serve starts minds its signals itself. A second Ctrl-C ends any command at once.
if (command !== 'serve') process.once('SIGINT', () => interrupt.abort());
// A reader that has had enough, as in `resk --help | head -1`, is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});
process.exitCode = await run(process.argv.slice(2), { signal: interrupt.signal });
