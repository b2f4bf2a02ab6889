// The story of one question, the services around it, and what people may ask to be shown or erased.
export { AnswersService, ownTags, type PurgeSelector, type Written } from './answers.service.js';
export { BulkIntake, type Ingested, type Line } from './bulk-intake.js';
export type { Document } from './document-intake.js';
export { DocumentsService, type Upserted } from './documents.service.js';
export { type DriftConfig, driftSection } from './drift.section.js';
export { type DriftReport, DriftService } from './drift.service.js';
export { EntryNames } from './entry-names.js';
export { type KeysReport, KeysService, type ShredReceipt } from './keys.service.js';
export { KnowledgeService, type Retrieved, type Search } from './knowledge.service.js';
export { Erasures } from './privacy/erasures.js';
export { ExportCursors } from './privacy/export-cursor.js';
export { PersonalDocuments } from './privacy/personal-documents.js';
export { type Policies, PoliciesService } from './privacy/policies.service.js';
export type { EffectivePolicy, TenantPolicy } from './privacy/policy.js';
export { type ExportedItem, type ExportPage, PrivacyService } from './privacy/privacy.service.js';
export { type ErasedCounts, type Receipt, type ReceiptProblem, Receipts, receiptProblem } from './privacy/receipts.js';
export { type RetentionConfig, retentionSection } from './privacy/retention.section.js';
export { RetentionService, type Swept } from './privacy/retention.service.js';
export type { SubjectRecords, SubjectRecordsPage } from './privacy/subject-records.js';
export { TenantPolicies } from './privacy/tenant-policies.js';
export { givenMatch, type Provenance, provenanceOf } from './provenance.js';
export { type QueryConfig, querySection } from './query.section.js';
export { QueryService } from './query.service.js';
export type {
  Answer,
  Asker,
  Question,
  QuestionName,
  Retrieval,
  VariantStrategy,
  WrittenAnswer,
} from './question.js';
export {
  type ReindexEstimate,
  type ReindexScope,
  ReindexService,
  type ReindexStep,
} from './reindex.service.js';
export type { LeftDocument, LeftReason, ReindexProgress } from './reindex-run.js';
export { hasVariants } from './variants.js';
