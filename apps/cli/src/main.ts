// Starts the command line in this process.
import { run } from './run.js';

const interrupt = new AbortController();
const [command] = process.argv.slice(2);
// The server that resk serve starts minds its signals itself. A second Ctrl-C ends any command at once.
if (command !== 'serve') process.once('SIGINT', () => interrupt.abort());
process.exitCode = await run(process.argv.slice(2), { signal: interrupt.signal });
