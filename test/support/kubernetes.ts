// Judges manifests as an API server with strict field validation does: an unknown field is as wrong as a wrong type.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv, type ValidateFunction } from 'ajv';
import { parse } from 'yaml';
import { sharedFile } from './shared-folder.js';

export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
  // biome-ignore lint/suspicious/noExplicitAny: a manifest is whatever its kind says; the definitions judge it.
  [field: string]: any;
}

type Schema = {
  type?: string;
  format?: string;
  properties?: Record<string, Schema>;
  additionalProperties?: unknown;
  items?: Schema;
  $definition?: string;
  $ref?: string;
};

interface CustomResource {
  group: string;
  version: string;
  kind: string;
  spec: Schema;
}

const CUSTOM = fileURLToPath(new URL('../delivery/helm/crds', import.meta.url));
const INT_OR_STRING = 'io.k8s.apimachinery.pkg.util.intstr.IntOrString';
const QUANTITY = 'io.k8s.apimachinery.pkg.api.resource.Quantity';

export const definitionsOf = (version: string) => `specs/kubernetes/k8s-v${version}.0-definitions.json`;

/** The judge of one version of Kubernetes, e.g. 1.33. Needs the definitions beside the repository. */
export class Kubernetes {
  private readonly definitions: Record<string, Schema>;
  private readonly validators = new Map<string, ValidateFunction>();
  private readonly custom = customResources();

  constructor(readonly version: string) {
    const text = readFileSync(sharedFile(definitionsOf(version))!, 'utf8');
    this.definitions = (JSON.parse(text) as { definitions: Record<string, Schema> }).definitions;
    for (const definition of Object.values(this.definitions)) close(definition);
    // Published as a string alone; both are taken (and numbers for a quantity).
    this.definitions[INT_OR_STRING] = { type: ['integer', 'string'] as unknown as string };
    this.definitions[QUANTITY] = { type: ['number', 'string'] as unknown as string };
  }

  /** What is wrong with a manifest, each with its place; empty where nothing is. */
  problemsOf(manifest: Manifest): string[] {
    const key = `${manifest.apiVersion} ${manifest.kind}`;
    const validate = this.validators.get(key) ?? this.validatorOf(manifest);
    this.validators.set(key, validate);
    validate(manifest);
    const where = `${manifest.kind} ${manifest.metadata?.name}`;
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${where}${instancePath} ${message} ${JSON.stringify(params)}`,
    );
  }

  private validatorOf({ apiVersion, kind }: Manifest): ValidateFunction {
    const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
    const { definitions } = this;
    const custom = this.custom.find((one) => `${one.group}/${one.version}` === apiVersion && one.kind === kind);
    if (custom) return ajv.compile({ definitions, ...wholeOf(custom) });
    const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['core', apiVersion];
    const name = `io.k8s.api.${group!.replace(/\.k8s\.io$/, '')}.${version}.${kind}`;
    if (!definitions[name]) throw new Error(`Kubernetes ${this.version} defines no ${name}`);
    return ajv.compile({ definitions, $ref: `#/definitions/${name}` });
  }
}

/** The kinds that are not Kubernetes' own, as test/delivery/helm/crds describes them. */
export function customResources(): CustomResource[] {
  return readdirSync(CUSTOM)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => parse(readFileSync(join(CUSTOM, name), 'utf8')) as CustomResource);
}

function wholeOf({ spec }: CustomResource): object {
  const metadata = { $ref: '#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' };
  const text = { type: 'string' };
  return {
    type: 'object',
    additionalProperties: false,
    required: ['apiVersion', 'kind', 'metadata', 'spec'],
    properties: { apiVersion: text, kind: text, metadata, spec: close(spec) },
  };
}

/** Definitions name fields but allow others; here what is not named is refused. `$definition` points at one of Kubernetes' own. */
function close(schema: Schema): Schema {
  if (schema.$definition) {
    schema.$ref = `#/definitions/${schema.$definition}`;
    delete schema.$definition;
  }
  if (schema.properties && schema.additionalProperties === undefined) schema.additionalProperties = false;
  for (const one of Object.values(schema.properties ?? {})) close(one);
  if (schema.items) close(schema.items);
  if (typeof schema.additionalProperties === 'object') close(schema.additionalProperties as Schema);
  return schema;
}
