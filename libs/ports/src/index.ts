// What a provider is, how failures and events are named, and the contract cases that prove a provider.
export { ByteStore, type KeyPage } from './byte-store.js';
export type { CallOptions } from './call-options.js';
export { checkSearch, checkSpec } from './check-settings.js';
export { checkVector } from './check-vector.js';
export { byteStoreContract } from './contract/byte-store-contract.js';
export type { ContractCase } from './contract/contract-case.js';
export { embeddingModelContract } from './contract/embedding-model-contract.js';
export { keyServiceContract } from './contract/key-service-contract.js';
export { rerankerContract } from './contract/reranker-contract.js';
export { textDetectorContract } from './contract/text-detector-contract.js';
export { vectorStoreContract } from './contract/vector-store-contract.js';
export { EmbeddingModel, type EmbeddingPurpose, type Embeddings, type EmbedOptions } from './embedding-model.js';
export {
  type AnnouncementName,
  type Announcements,
  type AuditEvent,
  announce,
  announced,
  type Latencies,
  listen,
  type Tier,
} from './events.js';
export {
  type FactsOf,
  Failure,
  type FailureCode,
  type FailureOptions,
  failure,
  type InputProblem,
  isFailure,
} from './failure.js';
export { FAILURES } from './failure-codes.js';
export type { FailureEntry, FailureKind } from './failure-kind.js';
export type { Filter, FilterValue } from './filter.js';
export type { JsonObject, JsonPrimitive, JsonValue } from './json.js';
export { type KeyContext, KeyService, type MasterKeyDescription, type WrappedKey } from './key-service.js';
export { isInOrder, matchesFilter } from './matches-filter.js';
export { Meter, type MeteredCall, type OpenAccount, SERVICE_ACCOUNT } from './meter.js';
export {
  defineProvider,
  type Family,
  type OptionsResult,
  type OptionsSchema,
  PORTS_VERSION,
  type PortOfFamily,
  type ProviderDefinition,
} from './provider.js';
export { Reranker, type Reranking, type RerankOptions } from './reranker.js';
export { Secret } from './secret.js';
export { cosine, similarity } from './similarity.js';
export { type Finding, TextDetector } from './text-detector.js';
export {
  type CollectionInfo,
  type CollectionRef,
  type CollectionSpec,
  type Hybrid,
  type Lineage,
  type Metric,
  type ModelTag,
  type PointPage,
  type PointSelector,
  type VectorMatch,
  type VectorPoint,
  type VectorQuery,
  VectorStore,
  type VectorStoreCapabilities,
} from './vector-store.js';
export { type CallWork, type Follower, followed, setFollower, type Work } from './work.js';
