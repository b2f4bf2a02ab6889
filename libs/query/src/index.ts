// The story of one question, and the services around it.
export { AnswersService, ownTags, type PurgeSelector } from './answers.service.js';
export { EntryNames } from './entry-names.js';
export { type KeysReport, KeysService, type ShredReceipt } from './keys.service.js';
export { type Document, KnowledgeService, type Retrieved, type Search } from './knowledge.service.js';
export { type QueryConfig, querySection } from './query.section.js';
export { QueryService } from './query.service.js';
export type {
  Answer,
  Asker,
  Latencies,
  Question,
  QuestionName,
  Retrieval,
  VariantStrategy,
  WrittenAnswer,
} from './question.js';
export { hasVariants } from './variants.js';
