// resk provider: lists what can be chosen, proves what is chosen, and begins a package for a provider of one's own.
import { Argument, type Command, Option } from 'commander';
import { type KnownProvider, readConfig, runtimeSection } from '#config';
import { keyServiceFamily } from '#crypto';
import { embeddingModelFamily } from '#embeddings';
import { type Family, failure } from '#ports';
import { textDetectorFamily } from '#privacy';
import { rerankerFamily } from '#rerankers';
import { vectorStoreFamily } from '#vector-stores';
import type { Io } from '../io.js';
import { table } from '../numbers.js';
import { duration } from '../options.js';
import { checkAll } from '../provider-check.js';
import { createPackage, TEMPLATES, type Template } from '../provider-package.js';
import { FAMILY_NAMES, trialsOf } from '../provider-trials.js';

interface CheckChoice {
  family?: Family;
  sample?: string;
  timeout: number;
  json?: boolean;
  yes?: boolean;
}

/** Byte stores are chosen by CACHE_BACKEND, and are all ours. */
const CHOSEN_BY_NAME = [
  vectorStoreFamily,
  embeddingModelFamily,
  rerankerFamily,
  keyServiceFamily,
  textDetectorFamily,
] as const;

export function providerCommand(program: Command, io: Io): void {
  const provider = program.command('provider').summary('list, prove and begin providers of your own');
  provider
    .command('list')
    .summary('list the providers that can be chosen, built-in ones and those of PLUGINS')
    .action(() => list(io));
  provider
    .command('check')
    .summary('prove the configured providers against the published promises')
    .description(CHECK)
    .addOption(new Option('--family <family>', 'only this family').choices(FAMILY_NAMES))
    .option('--sample <text>', 'a text in which a detector of PLUGINS finds something')
    .option('--timeout <duration>', 'longest time for one promise', duration({ min: 100 }), 60_000)
    .option('--json', 'print the outcome as JSON')
    .option('--yes', 'agree to what the proof does')
    .action((options: CheckChoice) => check(options, io));
  provider
    .command('create')
    .summary('write an npm package with a provider that works, and its tests')
    .addArgument(new Argument('<name>', 'name of the provider and the package, e.g. acme-store'))
    .addOption(new Option('--family <family>', 'what it provides').choices(TEMPLATES).makeOptionMandatory())
    .option('--dir <folder>', 'where to write it (default: a new folder of that name)')
    .action((name: string, { family, dir = name }: { family: Template; dir?: string }) =>
      createPackage({ name, family, dir }, io),
    );
}

const CHECK =
  'Opens the providers that the configuration of this folder names, as the server would, and runs the published contract on them. It works in tenants and under keys of its own beside the live ones. Says first what it does, and wants --yes where that writes or costs. Ends with exit code 2 where a promise is broken.';

async function list(io: Io): Promise<void> {
  const { plugins } = readConfig([runtimeSection], io.sources).runtime;
  const rows: KnownProvider[] = [];
  for (const family of CHOSEN_BY_NAME) rows.push(...(await family(plugins).known()));
  const cells = rows.map(({ family, name, package: from }) => [family, name, from ?? 'built in']);
  io.stdout.write(`${table([['family', 'provider', 'package'], ...cells])}\n`);
}

async function check({ family, sample, timeout, json = false, yes = false }: CheckChoice, io: Io): Promise<void> {
  const families = family ? [family] : FAMILY_NAMES;
  const trials = await trialsOf(families, { sources: io.sources, ...(sample !== undefined && { sample }) });
  if (trials.length === 0) throw failure('cli.usage', { reason: `No ${family} is configured.` });
  for (const one of trials) io.stderr.write(`${one.family} ${one.provider}: ${one.effect}\n`);
  if (!yes && trials.some(({ asks }) => asks)) {
    await Promise.all(trials.map((one) => one.close()));
    throw failure('cli.usage', { reason: 'Add --yes to do this, or choose with --family.' });
  }
  await checkAll(trials, { timeoutMs: timeout, json }, io);
}
