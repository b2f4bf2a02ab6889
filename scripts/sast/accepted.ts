// What the security rules find and somebody has looked at: where it is, and why it may stay. What is no longer found must go from here.

export interface Accepted {
  rule: string;
  /** A file, or a folder that ends in `/`. */
  at: string;
  /** A part of the line that is meant; without it every such finding of the file is. */
  line?: string;
  why: string;
}

const JITTER = 'Spreads waits and samples; nobody gains by guessing it.';
const CONFIGURED = 'The text is an address that the operator wrote, not one that a caller sends.';
const SHORT = 'The text is bounded to a few dozen characters before it comes here.';
const OWN_SERVER =
  'A probe asks the server beside it, over loopback or its own address, which no certificate need name; it sends nothing.';
const BUILD = 'Runs while the image is built, over packages that the lockfile pins and what ldd says of them.';
const PRAGMA =
  'A pragma takes no bound value; what is written is a name or a choice of this file, checked by its type.';

export const ACCEPTED: readonly Accepted[] = [
  { rule: 'house/unpredictable', at: 'libs/cache/src/open-cache.ts', why: JITTER },
  { rule: 'house/unpredictable', at: 'libs/cache/src/policy.ts', why: JITTER },
  { rule: 'house/unpredictable', at: 'libs/crypto/src/data-keys.ts', why: `${JITTER} Keys come from randomBytes.` },
  { rule: 'house/unpredictable', at: 'libs/query/src/query.service.ts', why: JITTER },
  { rule: 'house/unpredictable', at: 'libs/query/src/drift.service.ts', why: JITTER },
  { rule: 'house/unpredictable', at: 'libs/records/src/lease.ts', why: JITTER },
  { rule: 'house/unpredictable', at: 'libs/resilience/src/retry.ts', why: JITTER },
  { rule: 'house/unpredictable', at: 'apps/cli/src/io.ts', why: JITTER },
  { rule: 'house/unpredictable', at: 'clients/typescript/src/retry.ts', why: JITTER },
  {
    rule: 'house/strong-crypto',
    at: 'libs/records/src/redis-connection.ts',
    why: 'EVALSHA names a script by SHA-1; the script is ours.',
  },
  {
    rule: 'house/strong-crypto',
    at: 'examples/redis-vector-sets/src/connection.ts',
    why: 'EVALSHA names a script by SHA-1; the script is ours.',
  },
  {
    rule: 'house/strong-crypto',
    at: 'libs/vector-stores/src/providers/weaviate/weaviate-names.ts',
    why: 'A UUID of version 5 is SHA-1 by RFC 9562; nothing is proved by it.',
  },
  {
    rule: 'house/constant-time',
    at: 'libs/query/src/privacy/receipts.ts',
    why: 'The digest of a receipt is shown to whoever may ask; it opens nothing.',
  },
  {
    rule: 'house/no-shell',
    at: 'scripts/bootstrap.mjs',
    line: 'win32',
    why: 'npm is a batch file on Windows; every argument is a constant.',
  },
  {
    rule: 'house/no-shell',
    at: 'scripts/image/debian-base.mjs',
    line: 'command -v npm',
    why: 'The text is a constant; where a program lies is asked of a shell.',
  },
  {
    rule: 'house/no-dynamic-code',
    at: 'libs/config/src/import-plugin.ts',
    why: 'Loading the packages that PLUGINS lists is what this file is for.',
  },
  {
    rule: 'house/no-dynamic-code',
    at: 'libs/cache/src/stores/sqlite-store.ts',
    why: 'An optional package, whose name is a constant of its one caller.',
  },
  {
    rule: 'house/no-dynamic-code',
    at: 'libs/onnx/src/model-worker.ts',
    why: 'The program of the worker, a path that its starter sets.',
  },
  {
    rule: 'house/no-dynamic-code',
    at: 'apps/cli/src/server-files.ts',
    why: 'A file of the built server beside this one; both names are constants.',
  },
  {
    rule: 'house/no-dynamic-code',
    at: 'apps/cli/bin/resk.mjs',
    why: 'Files beside this one, looked for before they are loaded.',
  },
  { rule: 'house/no-built-sql', at: 'libs/records/src/sqlite-file.ts', why: PRAGMA },
  { rule: 'house/no-built-sql', at: 'libs/vector-stores/src/providers/embedded/database.ts', why: PRAGMA },
  { rule: 'house/no-built-sql', at: 'libs/cache/sqlite3/index.cjs', line: 'busy_timeout', why: PRAGMA },
  {
    rule: 'house/no-built-sql',
    at: 'examples/pgvector/src/',
    why: 'Names of schema and tables cannot be bound: the schema is held to a form, tables are numbered by the database.',
  },
  {
    rule: 'house/linear-patterns',
    at: 'libs/gateway/src/rate-limit/client-address.ts',
    line: '/%.*$/',
    why: 'A header holds no line end, so that the first % matches at once.',
  },
  { rule: 'house/linear-patterns', at: 'libs/gateway/src/rate-limit/client-address.ts', line: '(\\d+)', why: SHORT },
  { rule: 'house/linear-patterns', at: 'libs/usage/src/prices.ts', why: SHORT },
  { rule: 'house/linear-patterns', at: 'libs/embeddings/src/providers/azure-openai.ts', why: CONFIGURED },
  { rule: 'house/linear-patterns', at: 'libs/vector-stores/src/providers/milvus/milvus-client.ts', why: CONFIGURED },
  { rule: 'house/linear-patterns', at: 'libs/observability/src/telemetry/', why: CONFIGURED },
  {
    rule: 'house/linear-patterns',
    at: 'libs/observability/src/error-fields.ts',
    why: 'One line of a stack, of a few hundred characters; paths are no input of callers.',
  },
  {
    rule: 'house/linear-patterns',
    at: 'libs/privacy/src/detectors/secrets.ts',
    line: '[.!?:]+$',
    why: 'The value is what the pattern before it matched, of bounded length.',
  },
  { rule: 'house/linear-patterns', at: 'clients/typescript/src/address.ts', why: CONFIGURED },
  { rule: 'house/linear-patterns', at: 'scripts/', why: 'A command reads the documents of its own repository.' },
  { rule: 'house/linear-patterns', at: 'deploy/image/leaves.mjs', why: BUILD },
  { rule: 'house/linear-patterns', at: 'deploy/image/system.mjs', why: BUILD },
  { rule: 'house/verified-tls', at: 'deploy/image/health.mjs', why: OWN_SERVER },
  { rule: 'house/verified-tls', at: 'helm/resk-caching/scripts/probe.mjs', why: OWN_SERVER },
  { rule: 'house/verified-tls', at: 'scripts/sast/house-rules.mjs', why: 'The rule that looks for it.' },
];
