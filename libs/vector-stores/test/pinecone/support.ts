// Opens Pinecone as the configuration would, without the guard around it.
import { Secret, type VectorStore } from '#ports';
import { pineconeProvider } from '../../src/providers/pinecone/pinecone.provider.js';

/** A store with the options that an operator may set. */
export async function aPinecone(options: Record<string, unknown>): Promise<VectorStore> {
  const checked = await pineconeProvider.options['~standard'].validate({
    apiKey: new Secret('pinecone-key'),
    ...options,
  });
  if (checked.issues) throw new Error(checked.issues.map(({ message }) => message).join('; '));
  return pineconeProvider.open(checked.value, {});
}
