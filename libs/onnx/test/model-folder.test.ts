// A folder says everything of its model: what is missing or of another form is named, and what changes it is a version.
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { readModelFolder } from '#onnx';
import { type TinyModel, type TinyModelOptions, tinyEmbeddingModel } from '../../../test/support/tiny-model.js';

const made: TinyModel[] = [];
afterEach(async () => {
  await Promise.all(made.splice(0).map((one) => one.remove()));
});

async function aFolder(files: NonNullable<TinyModelOptions['files']> = {}, o: TinyModelOptions = {}) {
  const tiny = await tinyEmbeddingModel({ ...o, files });
  made.push(tiny);
  return tiny.folder;
}

const module = (type: string, path = '') => ({ idx: 0, name: '0', path, type: `sentence_transformers.models.${type}` });

describe('a plain folder', () => {
  test('is pooled by the mean, to unit length, without prefixes', async () => {
    const folder = await aFolder();
    expect(await readModelFolder(folder)).toEqual({
      path: folder,
      name: folder.split('/').at(-1),
      file: 'onnx/model.onnx',
      version: expect.stringMatching(/^[0-9a-f]{16}$/),
      maxTokens: 64,
      pooling: 'mean',
      normalise: true,
      prefixes: undefined,
    });
  });

  test('is read otherwise where the operator says so', async () => {
    const chosen = { maxTokens: 9, pooling: 'cls', normalise: false } as const;
    expect(await readModelFolder(await aFolder(), chosen)).toMatchObject(chosen);
  });
});

describe('a folder of sentence-transformers', () => {
  const modules = [module('Transformer'), module('Pooling', '1_Pooling'), module('Normalize', '2_Normalize')];

  test('says how vectors are pooled, and whether they have unit length', async () => {
    const pooling = { pooling_mode_cls_token: true, pooling_mode_mean_tokens: false };
    const folder = await aFolder({ 'modules.json': modules, '1_Pooling/config.json': pooling });
    expect(await readModelFolder(folder)).toMatchObject({ pooling: 'cls', normalise: true });
    const bare = await aFolder({ 'modules.json': modules.slice(0, 1) });
    expect(await readModelFolder(bare)).toMatchObject({ pooling: 'mean', normalise: false });
  });

  test.each([
    [{ pooling_mode_mean_tokens: true }, 'mean'],
    [{ pooling_mode_max_tokens: true }, 'max'],
    [{ pooling_mode_lasttoken: true }, 'lasttoken'],
    [{ pooling_mode: 'cls' }, 'cls'],
  ])('names its pooling in the words of every version: %j', async (config, pooling) => {
    const folder = await aFolder({ '1_Pooling/config.json': config });
    expect(await readModelFolder(folder)).toMatchObject({ pooling });
  });

  test.each([
    [{ pooling_mode_cls_token: true, pooling_mode_mean_tokens: true }, /pooled by cls and mean/],
    [{ pooling_mode_weightedmean_tokens: true }, /pooled by weightedmean/],
  ])('is refused where its pooling is another: %j', async (config, says) => {
    const folder = await aFolder({ '1_Pooling/config.json': config });
    await expect(readModelFolder(folder)).rejects.toMatchObject({
      code: 'model.unusable',
      message: expect.stringMatching(says),
    });
  });

  test('is refused where a layer stands behind the graph', async () => {
    const folder = await aFolder({ 'modules.json': [...modules, module('Dense', '3_Dense')] });
    await expect(readModelFolder(folder)).rejects.toThrow(/a layer Dense behind its graph/);
  });

  test.each([
    [{ prompts: { query: 'query: ', document: 'passage: ' } }, { query: 'query: ', document: 'passage: ' }],
    [{ prompts: { query: 'q: ', passage: 'p: ' } }, { query: 'q: ', document: 'p: ' }],
    [{ prompts: { query: 'q: ' } }, { query: 'q: ', document: '' }],
    [
      { prompts: { usual: 'u: ' }, default_prompt_name: 'usual' },
      { query: 'u: ', document: 'u: ' },
    ],
    [{ prompts: { query: '', document: '' } }, undefined],
    [{}, undefined],
  ])('says what is put before a text: %j', async (config, prefixes) => {
    const folder = await aFolder({ 'config_sentence_transformers.json': config });
    expect((await readModelFolder(folder)).prefixes).toEqual(prefixes);
  });
});

describe('how much a model reads', () => {
  test.each([
    ['the least of all limits', { model_type: 'bert', max_position_embeddings: 40 }, 30, 20, 20],
    ['what its positions allow', { model_type: 'bert', max_position_embeddings: 40 }, 1e30, undefined, 40],
    [
      'fewer than positions, where they begin behind padding',
      { model_type: 'xlm-roberta', max_position_embeddings: 40 },
      1e30,
      undefined,
      38,
    ],
    [
      'the number of the padding counts',
      { model_type: 'mpnet', max_position_embeddings: 40, pad_token_id: 3 },
      1e30,
      undefined,
      36,
    ],
    ['what BERT reads, where nothing is said', { model_type: 'other' }, 1e30, undefined, 512],
  ])('%s', async (_, config, tokenizer, sentences, expected) => {
    const folder = await aFolder({
      'config.json': config,
      'tokenizer_config.json': { tokenizer_class: 'BertTokenizer', model_max_length: tokenizer },
      ...(sentences !== undefined && { 'sentence_bert_config.json': { max_seq_length: sentences } }),
    });
    expect((await readModelFolder(folder)).maxTokens).toBe(expected);
  });
});

describe('the version', () => {
  test('is the same for the same files, wherever they lie', async () => {
    const [one, other] = [await aFolder(), await aFolder()];
    expect((await readModelFolder(one)).version).toBe((await readModelFolder(other)).version);
  });

  test.each([
    ['weights', {}, { seed: 7 }],
    ['external weights', { 'onnx/model.onnx_data': 'x' }, {}],
    ['the tokenizer', { 'tokenizer_config.json': { tokenizer_class: 'BertTokenizer', model_max_length: 32 } }, {}],
    ['the pooling', { '1_Pooling/config.json': { pooling_mode_cls_token: true } }, {}],
  ])('is another for others: %s', async (_, files, options) => {
    const [one, other] = [await aFolder(), await aFolder(files, options)];
    expect((await readModelFolder(one)).version).not.toBe((await readModelFolder(other)).version);
  });

  test('does not heed what decides nothing', async () => {
    const [one, other] = [await aFolder(), await aFolder({ 'README.md': 'words', 'onnx/other.onnx': 'x' })];
    expect((await readModelFolder(one)).version).toBe((await readModelFolder(other)).version);
  });
});

describe('a folder that is not usable', () => {
  const unusable = (says: RegExp) => ({ code: 'model.unusable', message: expect.stringMatching(says) });

  test('because it is not there, is told without its place on the machine', async () => {
    const folder = join(await aFolder(), 'nowhere');
    const failed = await readModelFolder(folder).catch((error: Error) => error as Error);
    expect(failed).toMatchObject(unusable(/nowhere cannot be used: its folder cannot be read \(ENOENT\)/));
    expect((failed as Error).message).not.toContain(folder);
  });

  test.each([
    [{ 'tokenizer.json': null }, /tokenizer\.json missing from its folder/],
    [{ 'config.json': null, 'tokenizer_config.json': null }, /config\.json, tokenizer_config\.json missing/],
    [{ 'onnx/model.onnx': null }, /onnx\/model\.onnx or model\.onnx missing.*Export it to ONNX/],
    [{ 'onnx/model.onnx': null, 'onnx/model_quantized.onnx': 'x' }, /by the option file: onnx\/model_quantized\.onnx/],
    [{ 'config.json': '{' }, /config\.json is of another form/],
    [{ 'modules.json': {} }, /modules\.json is of another form/],
  ])('says what is missing, or of another form: %j', async (files, says) => {
    await expect(readModelFolder(await aFolder(files))).rejects.toMatchObject(unusable(says));
  });

  test('says so of the graph that was chosen', async () => {
    const folder = await aFolder({ 'onnx/model_int8.onnx': 'x' });
    expect((await readModelFolder(folder, { file: 'onnx/model_int8.onnx' })).file).toBe('onnx/model_int8.onnx');
    await expect(readModelFolder(folder, { file: 'onnx/nonsense.onnx' })).rejects.toThrow(
      /onnx\/nonsense\.onnx missing/,
    );
    await expect(readModelFolder(folder, { file: 'config.json' })).rejects.toThrow(/config\.json missing/);
  });
});

test('a graph beside its configuration is found too', async () => {
  const folder = await aFolder({ 'onnx/model.onnx': null, 'model.onnx': 'x' });
  expect((await readModelFolder(folder)).file).toBe('model.onnx');
});
