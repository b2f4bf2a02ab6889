// Embeds the texts of documents; those that the model refuses are told apart, and do not keep the others from it.
import { isFailure, type VectorPoint } from '#ports';

export interface EmbeddedTexts {
  embedded: Array<{ point: VectorPoint; vector: Float32Array }>;
  /** Documents without a text. */
  wordless: VectorPoint[];
  refused: VectorPoint[];
  tokens: number;
}

/** @throws what `embed` throws, but for a refusal of one text */
export async function embeddedTexts(
  points: readonly VectorPoint[],
  embed: (texts: readonly string[]) => Promise<{ vectors: Float32Array[]; tokens: number }>,
): Promise<EmbeddedTexts> {
  const [worded = [], wordless = []] = [true, false].map((has) => points.filter(({ text }) => !!text?.trim() === has));
  const refused: VectorPoint[] = [];
  for (let left = worded; left.length > 0; ) {
    try {
      const { vectors, tokens } = await embed(left.map(({ text }) => text!));
      const embedded = left.map((point, at) => ({ point, vector: vectors[at]! }));
      return { embedded, wordless, refused, tokens };
    } catch (error) {
      const one = isFailure(error, 'embedding.input_refused') ? left[Number(error.facts.position)] : undefined;
      if (!one) throw error;
      refused.push(one);
      left = left.filter((other) => other !== one);
    }
  }
  return { embedded: [], wordless, refused, tokens: 0 };
}
