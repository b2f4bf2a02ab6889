// From a question's vector to the matches of an answer: search, then a closer reading, then variety.

export { checkedMatches } from './checked-matches.js';
export { diversified } from './diversified.js';
export { type Found, type Ranker, Retriever, type StepLatencies } from './retriever.js';
export type { Choice, Refinement, Wanted } from './wanted.js';
