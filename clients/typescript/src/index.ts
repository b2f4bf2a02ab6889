// The face of the client: the class with a method for each operation, its types, and how a call fails.
export * from './client.gen.js';
export { ClientError, LateError, type Problem, ProblemError, ReplyError, UnreachableError } from './failure.js';
export type { Lines } from './lines.js';
export type { CallOptions, ClientOptions, Fetch, ReplyHead, Token } from './options.js';
export type * from './types.gen.js';
