// The published library: the same cache as the server's, in a plain Node program, without Nest.
export { Failure, type FailureCode, isFailure } from '#ports';
export { type CacheOptions, LibraryCache, selectCache } from './select-cache.js';
