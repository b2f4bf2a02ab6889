// resk config check: whether the server would start with the settings of this folder.
import type { Command } from 'commander';
import { readConfig, type SettingInfo } from '#config';
import { cliSection } from '../cli.section.js';
import type { Io } from '../io.js';

export function configCommand(program: Command, io: Io): void {
  program
    .command('config')
    .summary('work with the configuration')
    .command('check')
    .summary('check every setting, as the server does when it starts')
    .action(async () => {
      // Loaded when asked for: the server's sections bring the whole server's code with them.
      const { sections } = await import('../../../server/src/sections.js');
      const parts = [...sections, cliSection] as const;
      readConfig(parts, io.sources);
      const settings = parts.flatMap((part) => Object.values<SettingInfo>(part.settings));
      const given = settings.filter(({ env, secret }) => io.sources.lookUp(env, secret) !== undefined);
      io.stdout.write(`The configuration is valid: ${settings.length} settings, ${given.length} of them given.\n`);
      for (const { env, secret } of given) io.stdout.write(`  ${env} from ${io.sources.lookUp(env, secret)?.source}\n`);
    });
}
