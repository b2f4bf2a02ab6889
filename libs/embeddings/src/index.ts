// Texts to vectors: each text once, in batches, some at a time, in order, and checked.
export { type EmbedCall, Embedder, type EmbedderOptions } from './embedder.js';
export { type EmbeddingConfig, embeddingSection } from './embedding.section.js';
export { openEmbedder } from './open-embedder.js';
