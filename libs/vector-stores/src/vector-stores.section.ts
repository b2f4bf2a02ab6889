// What an operator may set of the vector store.
import { type ConfigOf, section, setting } from '#config';

const MEBIBYTE = 1024 ** 2;

export const vectorStoreSection = section(
  'vectorStore',
  { title: 'Vector store', doc: 'Where documents and their vectors are kept, and how they are searched.' },
  {
    type: setting('VECTORDB_TYPE', {
      doc: 'The vector store: embedded (SQLite in DATA_DIR, exact search in memory), chroma, pinecone, weaviate, milvus, none, or the name of a provider from PLUGINS. See docs/vector-stores.',
    })
      .text({
        pattern: /^[a-z0-9][a-z0-9-]{0,63}$/,
        says: 'the name of a vector store (small letters, digits, hyphens)',
      })
      .default('embedded'),
    timeoutMs: setting('VECTORDB_TIMEOUT', {
      doc: 'How long one call to the vector store may take. Raise it for very large collections or slow disks.',
    })
      .duration({ min: 10, max: 600_000 })
      .default('5s'),
    url: setting('VECTORDB_URL', {
      doc: 'Where a vector database of its own is reached. Given to the provider as its option url.',
      example: 'http://localhost:8000',
    })
      .url(['http:', 'https:', 'postgres:', 'redis:', 'rediss:'])
      .optional(),
    apiKey: setting('VECTORDB_API_KEY', {
      doc: 'The key that the vector database asks for. Given to the provider as its option apiKey.',
    })
      .secret()
      .optional(),
    pineconeApiKey: setting('PINECONE_API_KEY', {
      doc: 'The key of Pinecone, where VECTORDB_API_KEY does not give one. Read only for VECTORDB_TYPE=pinecone.',
    })
      .secret()
      .optional(),
    pineconeIndexHost: setting('PINECONE_INDEX_HOST', {
      doc: 'Host of an index of Pinecone that exists, as its console shows it. Unset: the index is looked up by its name, and made when absent. Read only for VECTORDB_TYPE=pinecone.',
      example: 'my-index-abc1234.svc.aped-4627-b74a.pinecone.io',
    })
      .text()
      .optional(),
    options: setting('VECTORDB_OPTIONS', {
      doc: 'Options of the provider. embedded knows synchronous: "normal" (the default: acknowledged writes survive the death of the process) or "full" (they also survive a power cut; each write waits for the disk). Those of the others: docs/vector-stores.',
      example: '{"synchronous":"full"}',
    })
      .json()
      .default('{}'),
    seal: setting('VECTORDB_SEAL', {
      doc: 'What a vector database of its own is given only sealed: off (nothing), text (texts and sources; metadata stays readable, and can be filtered by), payload (metadata too: filters are refused). Needs keys; documents written unsealed are no longer given. The embedded store seals whatever it keeps.',
    })
      .oneOf(['off', 'text', 'payload'])
      .default('off'),
    memoryMaxBytes: setting('VECTORDB_MEMORY_MAX', {
      doc: 'Memory for searchable collections of the embedded store. Collections not searched lately leave it and come back from disk. One collection must fit: about dimension + 130 bytes a document.',
    })
      .byteSize({ min: 16 * MEBIBYTE, max: 3 * 1024 * MEBIBYTE })
      .default('512MiB'),
  },
);

export type VectorStoreConfig = ConfigOf<typeof vectorStoreSection>;
