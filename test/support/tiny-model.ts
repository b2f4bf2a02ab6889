// Makes folders of tiny models that run: an embedding model and a cross-encoder of seeded weights, with a real tokenizer.
import { mkdtempSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type GraphParts, onnxGraph } from './onnx-graph.js';

export interface TinyModelOptions {
  /** Numbers in a vector. Default 16. */
  dimensions?: number;
  seed?: number;
  /** What every weight is, instead of seeded ones. */
  weight?: number;
  /** Further files, or others instead of the usual ones: objects are written as JSON, `null` leaves a file out. */
  files?: Record<string, object | string | Uint8Array | null>;
  /** Numbers that the cross-encoder gives a text. Default 1. */
  labels?: number;
  /** Whether the graph pools by itself, and gives `sentence_embedding`. */
  pooled?: boolean;
  /** What the graph calls its output. */
  output?: string;
}

/** A folder on disk, removed by `remove`. */
export interface TinyModel {
  folder: string;
  remove(): Promise<void>;
}

const SPECIAL = ['[PAD]', '[UNK]', '[CLS]', '[SEP]'];
const LETTERS = [...'abcdefghijklmnopqrstuvwxyz0123456789'];
/** Pieces from which every Latin word can be put together; other writing is unknown to it. */
const PIECES = [...SPECIAL, ...LETTERS, ...LETTERS.map((one) => `##${one}`), ...'.,:;?!\'"-()'];
/** Whole words, so that texts differ by them. */
const WORDS =
  'where is my new card your on its way now the tracking number of tells snow falls in mountains cards are made plastic when does office open'.split(
    ' ',
  );
const VOCABULARY = [...PIECES, ...WORDS];

/** An embedding model: each token has a vector, and the last hidden state is a layer over it. */
export function tinyEmbeddingModel(o: TinyModelOptions = {}): Promise<TinyModel> {
  const width = o.dimensions ?? 16;
  const hidden = o.output ?? 'last_hidden_state';
  const layer: GraphParts['nodes'] = [
    { op: 'Gather', inputs: ['table', 'input_ids'], output: 'embedded' },
    { op: 'MatMul', inputs: ['embedded', 'weights'], output: 'mixed' },
    { op: 'Tanh', inputs: ['mixed'], output: hidden },
  ];
  const sum: GraphParts['nodes'] = [
    {
      op: 'ReduceSum',
      inputs: [hidden, 'axis'],
      output: 'sentence_embedding',
      attributes: { keepdims: 0 },
    },
  ];
  const graph = onnxGraph({
    inputs: ['input_ids', 'attention_mask'],
    nodes: o.pooled ? [...layer, ...sum] : layer,
    constants: {
      table: { dims: [VOCABULARY.length, width], values: noise(VOCABULARY.length * width, o.seed) },
      weights: {
        dims: [width, width],
        values:
          o.weight === undefined
            ? noise(width * width, (o.seed ?? 1) + 1)
            : new Float32Array(width * width).fill(o.weight),
      },
      axis: { dims: [1], values: BigInt64Array.of(1n) },
    },
    outputs: o.pooled ? { sentence_embedding: ['batch', width] } : { [hidden]: ['batch', 'sequence', width] },
  });
  return written({ 'config.json': { model_type: 'bert', hidden_size: width, max_position_embeddings: 64 } }, graph, o);
}

/** A cross-encoder that counts: its logit grows with the share of the question's words that stand in the text. */
export function tinyReranker(o: TinyModelOptions = {}): Promise<TinyModel> {
  const [labels, size] = [o.labels ?? 1, VOCABULARY.length];
  const content = Float32Array.from(VOCABULARY, (piece) => (WORDS.includes(piece) ? 1 : 0));
  const graph = onnxGraph({
    inputs: ['input_ids', 'attention_mask', 'token_type_ids'],
    nodes: [
      // Each token as a row with a one in its own column, apart from those that are no words.
      { op: 'Gather', inputs: ['identity', 'input_ids'], output: 'words' },
      { op: 'Cast', inputs: ['token_type_ids'], output: 'second', attributes: { to: 1 } },
      { op: 'Sub', inputs: ['one', 'second'], output: 'first' },
      { op: 'Unsqueeze', inputs: ['second', 'last'], output: 'in_text' },
      { op: 'Unsqueeze', inputs: ['first', 'last'], output: 'in_question' },
      { op: 'Mul', inputs: ['words', 'in_text'], output: 'text_words' },
      { op: 'Mul', inputs: ['words', 'in_question'], output: 'question_words' },
      { op: 'ReduceMax', inputs: ['text_words', 'tokens'], output: 'text', attributes: { keepdims: 0 } },
      { op: 'ReduceMax', inputs: ['question_words', 'tokens'], output: 'question', attributes: { keepdims: 0 } },
      { op: 'Mul', inputs: ['text', 'question'], output: 'both' },
      { op: 'ReduceSum', inputs: ['both', 'tokens'], output: 'shared', attributes: { keepdims: 1 } },
      { op: 'Add', inputs: ['shared', 'bias'], output: o.output ?? 'logits' },
    ],
    constants: {
      identity: {
        dims: [size, size],
        values: Float32Array.from({ length: size * size }, (_, at) =>
          at % (size + 1) === 0 ? content[at % size]! : 0,
        ),
      },
      one: { dims: [1], values: Float32Array.of(1) },
      last: { dims: [1], values: BigInt64Array.of(2n) },
      tokens: { dims: [1], values: BigInt64Array.of(1n) },
      bias: { dims: [labels], values: Float32Array.from({ length: labels }, (_, at) => at - 3) },
    },
    outputs: { [o.output ?? 'logits']: ['batch', labels] },
  });
  const config = { model_type: 'bert', max_position_embeddings: 64, architectures: ['BertForSequenceClassification'] };
  return written({ 'config.json': config }, graph, o);
}

async function written(own: Record<string, object>, graph: Uint8Array, o: TinyModelOptions): Promise<TinyModel> {
  const folder = mkdtempSync(join(tmpdir(), 'tiny-model-'));
  const files = { ...own, ...TOKENIZER, 'onnx/model.onnx': graph, ...o.files };
  for (const [name, content] of Object.entries(files)) {
    if (content === null) continue;
    await mkdir(dirname(join(folder, name)), { recursive: true });
    const plain = typeof content === 'string' || content instanceof Uint8Array;
    await writeFile(join(folder, name), plain ? content : JSON.stringify(content));
  }
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** A WordPiece tokenizer as BERT has it, in the format of Hugging Face's tokenizers. */
const TOKENIZER = {
  'tokenizer_config.json': {
    tokenizer_class: 'BertTokenizer',
    model_max_length: 64,
    pad_token: '[PAD]',
    unk_token: '[UNK]',
    cls_token: '[CLS]',
    sep_token: '[SEP]',
  },
  'tokenizer.json': {
    version: '1.0',
    added_tokens: SPECIAL.map((content, id) => ({
      id,
      content,
      special: true,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
    })),
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase: true,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [special('[CLS]', 0), sequence('A', 0), special('[SEP]', 0)],
      pair: [special('[CLS]', 0), sequence('A', 0), special('[SEP]', 0), sequence('B', 1), special('[SEP]', 1)],
      special_tokens: Object.fromEntries(
        ['[CLS]', '[SEP]'].map((id) => [id, { id, ids: [SPECIAL.indexOf(id)], tokens: [id] }]),
      ),
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(VOCABULARY.map((piece, id) => [piece, id])),
    },
  },
};

function special(id: string, type_id: number) {
  return { SpecialToken: { id, type_id } };
}

function sequence(id: string, type_id: number) {
  return { Sequence: { id, type_id } };
}

/** Numbers between -1 and 1, the same for the same seed. */
function noise(count: number, seed = 1): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = Math.imul(state ^ (state >>> 15), 2246822519) + 0x9e3779b9;
    return ((state >>> 8) / 2 ** 24) * 2 - 1;
  });
}
