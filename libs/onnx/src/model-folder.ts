// Reads what a model's folder says of the model: its graph, how much it reads, how its vectors are made, and its version.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { type Failure, failure } from '#ports';
import { POOLINGS, type Pooling } from './inference.js';

export interface ModelFolder {
  /** Absolute. */
  path: string;
  /** The folder's own name. */
  name: string;
  /** Path of the graph in the folder. */
  file: string;
  /** Digest of every file that decides what the model computes: 16 hexadecimal digits. */
  version: string;
  maxTokens: number;
  pooling: Pooling;
  normalise: boolean;
  /** What the model wants put before a text of each purpose; `undefined` where it says nothing. */
  prefixes: { query: string; document: string } | undefined;
}

/** What the operator says of the folder, instead of what it says itself. */
export interface FolderChoices {
  file?: string | undefined;
  maxTokens?: number | undefined;
  pooling?: Pooling | undefined;
  normalise?: boolean | undefined;
}

/** transformers.js reads these two by name; the graph is `onnx/model.onnx` as it exports it, or `model.onnx` as Optimum does. */
const NEEDED = ['config.json', 'tokenizer.json', 'tokenizer_config.json'];
const GRAPHS = ['onnx/model.onnx', 'model.onnx'];

/** Where neither the folder nor the operator says how much is read: what BERT reads. */
const DEFAULT_MAX_TOKENS = 512;
/** Tokenisers without a limit of their own say 10³⁰. */
const ABSURD_TOKENS = 1e6;

// The fields that are used. https://huggingface.co/docs/transformers/main_classes/configuration
const Config = z.object({
  max_position_embeddings: z.number().optional(),
  pad_token_id: z.number().nullish(),
  model_type: z.string().optional(),
});
const TokenizerConfig = z.object({ model_max_length: z.number().optional() });
// https://www.sbert.net/docs/package_reference/sentence_transformer/models.html
const Modules = z.array(z.object({ path: z.string(), type: z.string() }));
const SentenceConfig = z.object({ max_seq_length: z.number().nullish() });
const PromptConfig = z.object({
  prompts: z.record(z.string(), z.string()).optional(),
  default_prompt_name: z.string().nullish(),
});
const PoolingConfig = z.looseObject({ pooling_mode: z.string().optional() });

/** Models whose positions begin behind the padding token's number read that many tokens fewer. */
const POSITIONS_AFTER_PADDING = /roberta|camembert|mpnet/;

/** @throws Failure `model.unusable`: says what is missing, or of another form */
export async function readModelFolder(folder: string, chosen: FolderChoices = {}): Promise<ModelFolder> {
  const path = resolve(folder);
  const name = basename(path);
  const files = new Set(await filesOf(path, name));
  const file = graphOf(files, name, chosen.file);
  const missing = NEEDED.filter((one) => !files.has(one));
  if (missing.length > 0) throw unusable(name, `${missing.join(', ')} missing from its folder`, FETCH_ALL);
  const read = <T>(one: string, schema: z.ZodType<T>) => readJson(join(path, one), { name, file: one, schema });
  const optional = async <T>(one: string, schema: z.ZodType<T>) => (files.has(one) ? read(one, schema) : undefined);
  const config = await read('config.json', Config);
  const modules = await optional('modules.json', Modules);
  const [made, poolingFile] = modulesOf(modules, name);
  const used = [...NEEDED, 'modules.json', 'sentence_bert_config.json', poolingFile].filter((one) => files.has(one));
  const graphs = [...files].filter((one) => one.startsWith(file));
  const prompts = await optional('config_sentence_transformers.json', PromptConfig);
  return {
    path,
    name,
    file,
    version: await digestOf(path, [...used, ...graphs].sort()),
    maxTokens:
      chosen.maxTokens ??
      limitOf(
        config,
        await read('tokenizer_config.json', TokenizerConfig),
        await optional('sentence_bert_config.json', SentenceConfig),
      ),
    pooling: chosen.pooling ?? poolingOf(await optional(poolingFile, PoolingConfig), name),
    normalise: chosen.normalise ?? made.normalised,
    prefixes: prefixesOf(prompts),
  };
}

const FETCH_ALL =
  'Fetch the whole model, with its tokenizer and onnx folder, e.g. with: hf download MODEL --local-dir FOLDER.';

export function unusable(model: string, reason: string, fix: string, cause?: unknown): Failure {
  return failure('model.unusable', { model, reason, fix }, { cause });
}

/** Paths of the files in the folder, and in the folders right below it: models lie no deeper. */
async function filesOf(path: string, name: string): Promise<string[]> {
  const found = await readdir(path, { withFileTypes: true }).catch((cause: unknown) => {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unreadable';
    const fix = 'Give the path of the folder that holds config.json.';
    throw unusable(name, `its folder cannot be read (${code})`, fix, cause);
  });
  const folders = found.filter((one) => one.isDirectory()).map((one) => one.name);
  const below = await Promise.all(
    folders.map(async (folder) => (await readdir(join(path, folder)).catch(() => [])).map((one) => `${folder}/${one}`)),
  );
  return [...found.map((one) => one.name), ...below.flat()];
}

function graphOf(files: ReadonlySet<string>, name: string, chosen: string | undefined): string {
  const wanted = chosen === undefined ? GRAPHS : [chosen];
  const found = wanted.find((one) => files.has(one) && one.endsWith('.onnx'));
  if (found !== undefined) return found;
  const others = [...files].filter((one) => one.endsWith('.onnx')).slice(0, 9);
  const fix =
    others.length > 0
      ? `Choose one of its graphs by the option file: ${others.join(', ')}.`
      : 'Export it to ONNX, e.g. with: optimum-cli export onnx --model MODEL FOLDER.';
  throw unusable(name, `${wanted.join(' or ')} missing from its folder`, fix);
}

async function readJson<T>(path: string, o: { name: string; file: string; schema: z.ZodType<T> }): Promise<T> {
  const text = await readFile(path, 'utf8');
  try {
    return o.schema.parse(JSON.parse(text));
  } catch (cause) {
    throw unusable(o.name, `${o.file} is of another form`, FETCH_ALL, cause);
  }
}

/** How sentence-transformers composes the model; a folder without its list is a plain transformer, pooled by the mean. */
function modulesOf(modules: z.output<typeof Modules> | undefined, name: string) {
  if (!modules) return [{ normalised: true }, '1_Pooling/config.json'] as const;
  const sorts = modules.map((one) => one.type.split('.').at(-1)!);
  const odd = sorts.find((one) => !['Transformer', 'Pooling', 'Normalize'].includes(one));
  if (odd !== undefined) {
    throw unusable(name, `it has a layer ${odd} behind its graph`, 'Use a model that ends with Pooling and Normalize.');
  }
  const pooling = modules[sorts.indexOf('Pooling')]?.path ?? '1_Pooling';
  return [{ normalised: sorts.includes('Normalize') }, `${pooling}/config.json`] as const;
}

function poolingOf(config: Record<string, unknown> | undefined, name: string): Pooling {
  if (!config) return 'mean';
  // Until version 5 one flag a mode (`pooling_mode_mean_tokens`), since then also one name.
  const modes = Object.keys(config).filter((one) => one.startsWith('pooling_mode_') && config[one] === true);
  const named = modes.map((one) => one.slice('pooling_mode_'.length).replace(/_tokens?$/, ''));
  const all = named.length > 0 ? named : [String(config.pooling_mode)];
  const known = POOLINGS.find((one) => one === all[0]);
  if (all.length === 1 && known) return known;
  throw unusable(
    name,
    `its vectors are pooled by ${all.join(' and ')}`,
    `Use a model with one of ${POOLINGS.join(', ')}.`,
  );
}

function limitOf(
  { max_position_embeddings: positions, pad_token_id: padding, model_type: type = '' }: z.output<typeof Config>,
  { model_max_length: tokenizer }: z.output<typeof TokenizerConfig>,
  sentences: z.output<typeof SentenceConfig> | undefined,
): number {
  const behind = POSITIONS_AFTER_PADDING.test(type) ? (padding ?? 1) + 1 : 0;
  const limits = [sentences?.max_seq_length, tokenizer, positions && positions - behind];
  const known = limits.filter((one): one is number => typeof one === 'number' && one >= 1 && one < ABSURD_TOKENS);
  return known.length > 0 ? Math.min(...known) : DEFAULT_MAX_TOKENS;
}

function prefixesOf(config: z.output<typeof PromptConfig> | undefined): ModelFolder['prefixes'] {
  const prompts = config?.prompts ?? {};
  const usual = prompts[config?.default_prompt_name ?? ''] ?? '';
  const query = prompts.query ?? usual;
  const document = prompts.document ?? prompts.passage ?? usual;
  return query === '' && document === '' ? undefined : { query, document };
}

/** Names and contents, length-prefixed, so that no other set of files has the same. */
async function digestOf(path: string, files: readonly string[]): Promise<string> {
  const all = createHash('sha256');
  for (const file of files) {
    const one = createHash('sha256');
    for await (const chunk of createReadStream(join(path, file))) one.update(chunk as Buffer);
    all.update(`${file.length}:${file}`).update(one.digest());
  }
  return all.digest('hex').slice(0, 16);
}
