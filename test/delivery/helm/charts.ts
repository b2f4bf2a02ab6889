// The chart as Helm renders it for each file of values, and the parts of it that tests look at.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, parseAllDocuments } from 'yaml';
import type { Manifest } from '../../support/kubernetes.js';
import { CHART, helm } from '../delivery-files.js';

export const KUBERNETES_VERSIONS = ['1.30', '1.33', '1.36'] as const;
export const RELEASE = 'release';
export const NAMESPACE = 'answers';

const FOLDER = fileURLToPath(new URL('values', import.meta.url));

/** Names of the value sets, by their files. */
export const VALUE_SETS = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => name.slice(0, -'.yaml'.length));

export const valuesFile = (set: string) => join(FOLDER, `${set}.yaml`);

export function valuesOf(set: string): Record<string, unknown> {
  return (parse(readFileSync(valuesFile(set), 'utf8')) ?? {}) as Record<string, unknown>;
}

export interface Rendering {
  /** Version of Kubernetes. */
  version?: string;
  /** Further values, e.g. `config.CACHE_TTL=5m`; JSON where the text holds a brace. */
  set?: string[];
  upgrade?: boolean;
  /** Folder of another chart, e.g. of a former release. */
  chart?: string;
}

const rendered = new Map<string, Manifest[]>();

/** What the chart makes of a value set (or of its own values, where none is named). */
export function manifestsOf(set: string | undefined, rendering: Rendering = {}): Manifest[] {
  const key = JSON.stringify([set, rendering]);
  const known = rendered.get(key) ?? render(set === undefined ? [] : ['--values', valuesFile(set)], rendering);
  rendered.set(key, known);
  return structuredClone(known);
}

export function render(
  args: string[],
  { version = '1.33', set = [], upgrade = false, chart }: Rendering = {},
): Manifest[] {
  const { ok, output, stdout } = attempt(args, { version, set, upgrade, chart });
  if (!ok) throw new Error(output);
  return parseAllDocuments(stdout)
    .map((document) => document.toJS() as Manifest | null)
    .filter((one) => one !== null);
}

/** How Helm ends with these values: for those that the chart refuses. */
export function attempt(args: string[], { version = '1.33', set = [], upgrade = false, chart }: Rendering = {}) {
  return helm(
    'template',
    RELEASE,
    chart ?? CHART,
    '--namespace',
    NAMESPACE,
    '--kube-version',
    `${version}.0`,
    ...(upgrade ? ['--is-upgrade'] : []),
    ...args,
    ...set.flatMap((one) => [/[{[]/.test(one.slice(one.indexOf('='))) ? '--set-json' : '--set', one]),
  );
}

export const refusalOf = (set: string | undefined, ...values: string[]) =>
  attempt(set === undefined ? [] : ['--values', valuesFile(set)], { set: values });

export function allOf(manifests: Manifest[], kind: string): Manifest[] {
  return manifests.filter((one) => one.kind === kind);
}

export function oneOf(manifests: Manifest[], kind: string, name?: string): Manifest {
  const [found, ...others] = allOf(manifests, kind).filter(({ metadata }) => !name || metadata.name === name);
  if (!found) throw new Error(`no ${kind} ${name ?? ''} is rendered`);
  if (others.length > 0) throw new Error(`several ${kind} are rendered: say which`);
  return found;
}

export interface Container {
  name: string;
  image: string;
  command?: string[];
  args?: string[];
  env?: Array<{ name: string; value?: string; valueFrom?: Record<string, { name?: string; key?: string }> }>;
  envFrom?: Array<{ configMapRef?: { name: string }; secretRef?: { name: string } }>;
  ports?: Array<{ name: string; containerPort: number }>;
  volumeMounts?: Array<{ name: string; mountPath: string; readOnly?: boolean }>;
  // biome-ignore lint/suspicious/noExplicitAny: read by tests that say what they expect.
  [field: string]: any;
}

export interface Pod {
  /** Kind and name of what makes it. */
  owner: string;
  /** Whether it serves for as long as the release stands; the others do one thing and end. */
  lasting: boolean;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  spec: { containers: Container[]; initContainers?: Container[]; volumes?: any[]; [field: string]: any };
}

/** Every pod that the manifests ever make, whoever makes it. */
export function podsOf(manifests: Manifest[]): Pod[] {
  return manifests.flatMap((one) => {
    const owner = `${one.kind} ${one.metadata.name}`;
    const pod = (template: { metadata?: Partial<Pod>; spec: Pod['spec'] }, lasting: boolean): Pod => ({
      owner,
      lasting,
      labels: template.metadata?.labels ?? {},
      annotations: template.metadata?.annotations ?? {},
      spec: template.spec,
    });
    if (['Deployment', 'Rollout', 'StatefulSet'].includes(one.kind)) return [pod(one.spec.template, true)];
    if (one.kind === 'Job') return [pod(one.spec.template, false)];
    if (one.kind === 'Pod') return [pod(one as unknown as Parameters<typeof pod>[0], false)];
    if (one.kind !== 'AnalysisTemplate') return [];
    const metrics = one.spec.metrics as Array<{ provider: { job?: { spec: { template: Pod } } } }>;
    return metrics.flatMap(({ provider }) => (provider.job ? [pod(provider.job.spec.template as never, false)] : []));
  });
}

/** The pod of the server itself. */
export function serverPod(manifests: Manifest[]): Pod {
  const found = podsOf(manifests).find(({ owner }) => /^(Deployment|Rollout) /.test(owner));
  if (!found) throw new Error('no pod of the server is rendered');
  return found;
}
