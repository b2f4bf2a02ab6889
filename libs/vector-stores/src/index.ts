// Vectors to neighbours: the embedded store, stores of strangers, and one meaning of score and filter for all of them.
export { type Bounds, bounded } from './bounded.js';
export { fused, type Scored } from './fused.js';
export { matchesFilter } from './matches-filter.js';
export { checkVectorStore, openVectorStore, type VectorStoreContext, vectorStoreFamily } from './open-vector-store.js';
export { PayloadSealer, type SealPlace } from './payload-sealer.js';
export type { SealMode } from './sealed/sealed-payload.js';
export { type SealedOptions, sealed } from './sealed/sealed-store.js';
export { isInternal, type SegmentTag } from './segmented/segment.js';
export type { FormerSegment, Replacement, SegmentMigration } from './segmented/segment-migration.js';
export { type SegmentedOptions, SegmentedStore } from './segmented/segmented-store.js';
export { similarity } from './similarity.js';
export { type VectorStoreConfig, vectorStoreSection } from './vector-stores.section.js';
