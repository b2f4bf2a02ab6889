// What is known of models by name: dimensions, limits, and the words that each wants before a question or a document.
import type { EmbeddingPurpose } from '#ports';

export interface KnownModel {
  dimensions?: number;
  maxInputTokens?: number;
  /** Tokens of one call over all of its texts. */
  maxBatchTokens?: number;
  normalised?: boolean;
  prefixes?: Readonly<Record<EmbeddingPurpose, string>>;
}

// https://platform.openai.com/docs/guides/embeddings and /docs/api-reference/embeddings: vectors have unit length, and
// one request takes 300,000 tokens over all of its inputs.
const OPENAI = { maxInputTokens: 8192, maxBatchTokens: 300_000, normalised: true };

/** By the cards of the models on https://huggingface.co, whose names these are. The first that fits counts. */
const KNOWN: readonly (readonly [RegExp, KnownModel])[] = [
  [/^text-embedding-(3-small|ada-002)$/, { ...OPENAI, dimensions: 1536 }],
  [/^text-embedding-3-large$/, { ...OPENAI, dimensions: 3072 }],
  // The instruct models of E5 want an instruction of the operator's own before a question.
  [/\/(multilingual-)?e5-[\w-]*instruct$/i, {}],
  [/\/(multilingual-)?e5-(small|base|large)(-v2)?$/i, { prefixes: { query: 'query: ', document: 'passage: ' } }],
  [
    /\/bge-(small|base|large)-en(-v1\.5)?$/i,
    { prefixes: { query: 'Represent this sentence for searching relevant passages: ', document: '' } },
  ],
  [/\/nomic-embed-text-v1(\.5)?$/i, { prefixes: { query: 'search_query: ', document: 'search_document: ' } }],
  [
    /\/mxbai-embed-large-v1$/i,
    { prefixes: { query: 'Represent this sentence for searching relevant passages: ', document: '' } },
  ],
  [
    /\/snowflake-arctic-embed-(xs|s|m|l)(-v1\.5)?$/i,
    {
      prefixes: { query: 'Represent this sentence for searching relevant passages: ', document: '' },
    },
  ],
  [/\/snowflake-arctic-embed-(m|l)-v2\.0$/i, { prefixes: { query: 'query: ', document: '' } }],
];

/** Empty where nothing is known. */
export function knownModel(name: string): KnownModel {
  return KNOWN.find(([pattern]) => pattern.test(name))?.[1] ?? {};
}
