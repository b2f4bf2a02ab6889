// resk backup: a copy of the server's folder that can be started from, taken while the server runs.
import type { Command } from 'commander';
import { readConfig, runtimeSection } from '#config';
import { copyData } from '../data-copy.js';
import type { Io } from '../io.js';
import { count } from '../numbers.js';

export function backupCommand(program: Command, io: Io): void {
  program
    .command('backup')
    .summary('copy the databases of DATA_DIR while the server runs')
    .description(
      'Copies each SQLite database as of one moment, records last, to a new folder. What lies in Redis or a vector database is not in it.',
    )
    .argument('<folder>', 'a folder that is not there yet')
    .action(async (folder: string) => {
      const { runtime } = readConfig([runtimeSection], io.sources);
      // Loaded here alone: other commands do without.
      const { sqliteModule } = await import('#records');
      const copied = copyData(runtime.dataDir, folder, sqliteModule());
      io.stdout.write(copied.map(({ name, bytes }) => `  ${name}, ${count(bytes)} bytes\n`).join(''));
      io.stdout.write(`${count(copied.length)} files copied to ${folder}\n`);
    });
}
