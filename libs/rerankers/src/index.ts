// Questions and texts to scores: each text once, in batches, some at a time, in order, and checked.
export { checkReranker, openReranker, openRerankModel, rerankerFamily } from './open-reranker.js';
export { type RerankersConfig, rerankersSection } from './rerankers.section.js';
export { type RankCall, TextRanker, type TextRankerOptions } from './text-ranker.js';
