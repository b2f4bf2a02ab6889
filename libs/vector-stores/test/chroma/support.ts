// Opens Chroma as the configuration would, without the guard around it.
import type { VectorStore } from '#ports';
import { chromaProvider } from '../../src/providers/chroma/chroma.provider.js';

/** A store on the server at `url`, with the options that an operator may set. */
export async function aChroma(url: string, options: Record<string, unknown> = {}): Promise<VectorStore> {
  const checked = await chromaProvider.options['~standard'].validate({ url, ...options });
  if (checked.issues) throw new Error(checked.issues.map(({ message }) => message).join('; '));
  return chromaProvider.open(checked.value, {});
}
