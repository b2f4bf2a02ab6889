// Texts to vectors: each text once, in as few calls as it takes, in order, checked and remembered.
export { type EmbedCall, Embedder, type EmbedderOptions } from './embedder.js';
export { type EmbeddingConfig, embeddingSection } from './embedding.section.js';
export {
  checkEmbeddingModel,
  type EmbedderContext,
  embeddingModelFamily,
  openEmbedder,
  openEmbeddingModel,
} from './open-embedder.js';
export type { VectorMemory } from './open-vector-cache.js';
export { VectorSealer } from './remembered-in-records.js';
export { VectorCache, VectorNames } from './vector-cache.js';
