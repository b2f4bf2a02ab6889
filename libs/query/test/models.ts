// Embedding models for these tests: vectors made of the letters of a text, other ones for every model.
import { type EmbeddingModel, failure } from '#ports';

export interface ModelOptions {
  model: string;
  dimension: number;
  version?: string;
  /** Tells its dimension only by its vectors. */
  silent?: boolean;
  /** Texts that it refuses. */
  refuses?: (text: string) => boolean;
  /** Called before each call, with its texts. */
  meanwhile?: (texts: readonly string[]) => unknown;
  /** How far its vectors have drifted from what they were: 0 not at all. */
  drift?: () => number;
}

export function aModel({ model, dimension, version = '1', ...o }: ModelOptions): EmbeddingModel {
  const embed = async (texts: readonly string[]) => {
    await o.meanwhile?.(texts);
    const position = texts.findIndex((text) => o.refuses?.(text));
    if (position >= 0) throw failure('embedding.input_refused', { provider: 'acme', position });
    return {
      vectors: texts.map((text) => vectorOf(text, model, dimension, o.drift?.() ?? 0)),
      tokens: texts.length * 10,
    };
  };
  return {
    provider: 'acme',
    model,
    version,
    dimensions: o.silent ? undefined : dimension,
    maxBatch: 1000,
    maxInputTokens: undefined,
    remote: true,
    embed,
    close: async () => undefined,
  };
}

function vectorOf(text: string, model: string, dimension: number, drift: number): Float32Array {
  const vector = new Float32Array(dimension).fill(0.01);
  for (const [at, letter] of [...`${model}${text}`].entries()) {
    vector[(letter.codePointAt(0)! + at) % dimension]! += 1;
  }
  vector[0]! += drift * 100;
  return vector;
}
