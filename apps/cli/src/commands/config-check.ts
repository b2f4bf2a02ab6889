// resk config check: whether the server would start with the settings of this folder.
import type { Command } from 'commander';
import { readConfig, type SettingInfo } from '#config';
import { cliSection } from '../cli.section.js';
import type { Io } from '../io.js';
import { serverSections } from '../server-files.js';

export function configCommand(program: Command, io: Io): void {
  program
    .command('config')
    .summary('work with the configuration')
    .command('check')
    .summary('check every setting, as the server does when it starts')
    .action(async () => {
      const sections = [...(await serverSections()), cliSection];
      readConfig(sections, io.sources);
      const settings = sections.flatMap((part) => Object.values<SettingInfo>(part.settings));
      const given = settings.flatMap(({ env, secret }) => {
        const found = io.sources.lookUp(env, secret);
        return found ? [`  ${env} from ${found.source}\n`] : [];
      });
      io.stdout.write(`The configuration is valid: ${settings.length} settings, ${given.length} of them given.\n`);
      io.stdout.write(given.join(''));
    });
}
