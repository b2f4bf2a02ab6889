// Writes every document that is made from code; with --check it names the stale ones instead, and exits 1.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { statusOf } from '#gateway';
import { FAILURES, type FailureCode } from '#ports';
import { cliSection } from '../../apps/cli/src/cli.section.js';
import { openApiDocument } from '../../apps/server/src/openapi-document.js';
import { sections } from '../../apps/server/src/sections.js';
import { checkedDocument } from '../clients/document.js';
import { clientFiles } from '../clients/packages.js';
import { type ApiDocument, apiReference } from './api-reference.js';
import { configurationDocument } from './configuration.js';
import { dashboardFiles } from './dashboards/files.js';
import type { GeneratedFile } from './described.js';
import { envExample } from './env-example.js';
import { failuresDocument } from './failures.js';
import { valuesDocument, valuesSchema, withSettings } from './helm-values.js';

const CHART = 'helm/resk-caching';

async function generatedFiles(root: string): Promise<GeneratedFile[]> {
  const api = await openApiDocument();
  const clients = await clientFiles(checkedDocument(JSON.parse(JSON.stringify(api)), 'docs/openapi.json'));
  const everything = [...sections, cliSection];
  const values = readFileSync(join(root, CHART, 'values.yaml'), 'utf8');
  return [
    { path: 'docs/CONFIGURATION.md', text: configurationDocument(everything) },
    { path: '.env.example', text: envExample(everything) },
    { path: 'docs/FAILURES.md', text: failuresDocument(FAILURES, (code) => statusOf(code as FailureCode)) },
    { path: `${CHART}/values.schema.json`, text: valuesSchema(sections, values) },
    { path: `${CHART}/values.yaml`, text: withSettings(values, sections) },
    { path: 'docs/KUBERNETES_VALUES.md', text: valuesDocument(values) },
    ...dashboardFiles(`${CHART}/monitoring/dashboards`),
    { path: 'docs/openapi.json', text: `${JSON.stringify(api, undefined, 2)}\n` },
    ...clients.map(({ path, text }) => ({ path: `clients/${path}`, text })),
    { path: 'docs/API_REFERENCE.md', text: apiReference(api as ApiDocument) },
  ];
}

function isStale(root: string, { path, text }: GeneratedFile): boolean {
  const full = join(root, path);
  return !existsSync(full) || readFileSync(full, 'utf8') !== text;
}

function write(root: string, { path, text }: GeneratedFile): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

const { values: options } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
const root = process.cwd();
const stale = (await generatedFiles(root)).filter((file) => isStale(root, file));
for (const file of stale) {
  if (options.check) console.error(`${file.path} is stale: run npm run generate`);
  else {
    write(root, file);
    console.log(`${file.path} written`);
  }
}
if (options.check && stale.length > 0) process.exitCode = 1;
if (stale.length === 0) console.log('Every generated document is up to date.');
