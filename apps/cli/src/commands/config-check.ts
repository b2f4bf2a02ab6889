// resk config check: whether the server would start with the settings of this folder.
import type { Command } from 'commander';
import { readConfig, runtimeSection, type SettingInfo } from '#config';
import { checkEmbeddingModel, embeddingSection } from '#embeddings';
import { failure, isFailure } from '#ports';
import { checkReranker, rerankersSection } from '#rerankers';
import { checkVectorStore, vectorStoreSection } from '#vector-stores';
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
      await checkProviders(io);
      const settings = sections.flatMap((part) => Object.values<SettingInfo>(part.settings));
      const given = settings.flatMap(({ env, secret }) => {
        const found = io.sources.lookUp(env, secret);
        return found ? [`  ${env} from ${found.source}\n`] : [];
      });
      io.stdout.write(`The configuration is valid: ${settings.length} settings, ${given.length} of them given.\n`);
      io.stdout.write(given.join(''));
    });
}

/** Providers know their own settings: what the chosen ones refuse would stop the start, and is told at once. */
async function checkProviders(io: Io): Promise<void> {
  const read = [runtimeSection, embeddingSection, vectorStoreSection, rerankersSection] as const;
  const { runtime, embedding, vectorStore, rerankers } = readConfig(read, io.sources);
  const checks = [
    checkEmbeddingModel(embedding, runtime.plugins),
    checkVectorStore(vectorStore, runtime.plugins),
    checkReranker(rerankers, runtime.plugins),
  ];
  const problems = (await Promise.allSettled(checks)).flatMap((one) => {
    if (one.status === 'fulfilled') return [];
    if (!isFailure(one.reason)) throw one.reason;
    return [`  ${one.reason.message}`];
  });
  if (problems.length > 0) throw failure('config.invalid', { problems: problems.join('\n') });
}
