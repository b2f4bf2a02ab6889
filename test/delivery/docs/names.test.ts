// Every variable, command, option, endpoint, failure and script that a document names exists.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FAILURES } from '#ports';
import { cliSection } from '../../../apps/cli/src/cli.section.js';
import { processIo } from '../../../apps/cli/src/io.js';
import { program } from '../../../apps/cli/src/run.js';
import { knownVariables } from '../delivery-files.js';
import { documentOf, documentsOf, ROOT } from './documents.js';
import { type Known, unknownNames } from './names.js';

/** Of the programs beside ours, each named where it is used. */
const FOREIGN = [
  'AWS_REGION',
  'ENCRYPT_DECRYPT', // AWS KMS: what a key is for
  'ASYNC_INDEXING', // Weaviate
  'DEFAULT_QUANTIZATION',
  'QUERY_MAXIMUM_RESULTS',
  'USAGE_LIMIT_EXCEEDED',
  'PGVECTOR_TEST_URL', // examples/pgvector
  'NODE_EXTRA_CA_CERTS', // Node
  'NODE_OPTIONS',
  'SOURCE_DATE_EPOCH', // reproducible-builds.org
  'NAME_FILE', // stands for any secret
];
/** Of the form of a failure's code, and something else: members of vendors' replies, attributes of OpenTelemetry. */
const DOTTED = ['usage.total_tokens', 'server.address', 'server.port'];

const scriptsOf = (folder: string): string[] => {
  const file = join(ROOT, folder, 'package.json');
  const found = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { scripts?: object }) : {};
  return Object.keys(found.scripts ?? {});
};

/** What rooms and doors announce. */
const announced = ['libs/ports/src/events.ts', 'libs/gateway/src/events/service-events.ts'].flatMap((path) =>
  [...readFileSync(join(ROOT, path), 'utf8').matchAll(/'([a-z]+\.[a-z_]+)'/g)].map(([, name]) => name!),
);

/** What docker-compose.yml asks for, and what the Dockerfile takes. */
const ofTheDelivery = ['docker-compose.yml', 'Dockerfile'].flatMap((path) =>
  [...readFileSync(join(ROOT, path), 'utf8').matchAll(/(?:\$\{|^ARG )([A-Z][A-Z0-9_]+)/gm)].map(([, name]) => name!),
);

const api = JSON.parse(readFileSync(join(ROOT, 'docs/openapi.json'), 'utf8')) as { paths: Record<string, object> };

/** Members of bodies that have members: `vector.k`. */
function membersIn(place: unknown, parent = ''): string[] {
  if (place === null || typeof place !== 'object') return [];
  return Object.entries(place).flatMap(([name, inner]) => {
    if (name !== 'properties') return membersIn(inner, parent);
    return Object.entries(inner as object).flatMap(([member, one]) => [
      `${parent}.${member}`,
      ...membersIn(one, member),
    ]);
  });
}

const known: Known = {
  variables: new Set([...knownVariables(), ...Object.values(cliSection.settings).map(({ env }) => env)]),
  foreign: new Set([...FOREIGN, ...ofTheDelivery]),
  resk: program(processIo({})),
  operations: new Set(
    Object.entries(api.paths).flatMap(([path, verbs]) =>
      Object.keys(verbs).map((verb) => `${verb.toUpperCase()} ${path}`),
    ),
  ),
  failures: new Set(Object.keys(FAILURES)),
  dotted: new Set([...DOTTED, ...announced, ...membersIn(api)]),
  scripts: (path) => new Set([...scriptsOf('.'), ...scriptsOf(dirname(path))]),
};

describe('what the documents name', () => {
  // What CHANGELOG.md tells of was so when it was written.
  const documents = documentsOf(ROOT).filter(({ path }) => path !== 'CHANGELOG.md');

  it.each(documents)('exists: $path', (document) => {
    expect(unknownNames(document, known)).toEqual([]);
  });

  it('is looked at: names of each kind are there', () => {
    const words = documents.flatMap((document) => document.words);
    const count = (form: RegExp) => words.filter((word) => form.test(word)).length;
    expect(count(/^[A-Z]+_[A-Z_]+$/)).toBeGreaterThan(200);
    expect(count(/^(npx )?resk /)).toBeGreaterThan(50);
    expect(count(/^(GET|POST|PUT|DELETE) \/api/)).toBeGreaterThan(50);
    expect(words.filter((word) => known.failures.has(word)).length).toBeGreaterThan(100);
  });

  it.each([
    ['`CACHE_BAKEND`', 'is no variable of the server'],
    ['`CACHE_BAKEND=redis`', 'is no variable of the server'],
    ['`resk warn FILE`', 'is no command of resk: warn'],
    ['`resk keys list|rotat`', 'is no command of resk: keys list|rotat'],
    ['`resk token --tenants a`', 'has no option --tenants'],
    ['```sh\nnpx resk token \\\n  --tenants a | tail\n```', 'has no option --tenants'],
    ['```sh cluster\nkubectl exec resk-0 -- resk tokens\n```', 'is no command of resk: tokens'],
    ['```sh\nT=$(A=b resk tokens)\n```', 'is no command of resk: tokens'],
    ['`GET /api/caches`', 'is no operation of docs/openapi.json'],
    ['`PATCH /api/cache`', 'is no operation of docs/openapi.json'],
    ['`auth.scopes`', 'is no failure code'],
    ['`npm run chek`', 'is no script of package.json'],
    ['```sh repository\nnpm run chek -- x\n```', 'is no script of package.json'],
  ])('is found wanting: %s', (text, why) => {
    expect(unknownNames(documentOf('a.md', text), known)).toEqual([
      expect.stringMatching(new RegExp(`${why.replaceAll('|', '\\|')}$`)),
    ]);
  });

  it.each([
    '`CACHE_BACKEND=redis` `JWT_SECRET_FILE`',
    '`resk keys list|rotate|reseal|retire` `npx resk ingest PATH… --fresh` `resk audit verify [FILE]`',
    '`GET /api/usage?from=2026-11-01&by=day` `PUT /api/quotas/{tenant}` `PUT /api/quotas/north` `DELETE …/{id}`',
    '`auth.scope` `gen_ai.system` `npm run check` `POST /rerank`',
    '```sh cluster\nhelm upgrade resk helm/resk-caching --set a=b\n```',
    '```sh\necho "resk" # npx resk nonsense --nowhere\n```',
  ])('is let pass: %s', (text) => {
    expect(unknownNames(documentOf('a.md', text), known)).toEqual([]);
  });
});
