// As much of a Kubernetes API as Helm needs to install, upgrade, test and roll back; strict about what may not change.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { onTestFinished } from 'vitest';
import type { Manifest } from '../../support/kubernetes.js';

/** Kinds by the path of their group; the plural is the kind in small letters with an s (and two that are not). */
const GROUPS: Record<string, string[]> = {
  v1: ['Secret', 'ConfigMap', 'Service', 'ServiceAccount', 'PersistentVolumeClaim', 'Pod'],
  'apps/v1': ['Deployment', 'StatefulSet'],
  'batch/v1': ['Job'],
  'policy/v1': ['PodDisruptionBudget'],
  'networking.k8s.io/v1': ['NetworkPolicy', 'Ingress'],
  'external-secrets.io/v1': ['ExternalSecret'],
  'autoscaling/v2': ['HorizontalPodAutoscaler'],
};
const PLURALS: Record<string, string> = { NetworkPolicy: 'networkpolicies', Ingress: 'ingresses' };
const pluralOf = (kind: string) => PLURALS[kind] ?? `${kind.toLowerCase()}s`;

/** What Kubernetes lets nobody change, by kind. */
const FIXED: Record<string, (one: Manifest) => unknown> = {
  Deployment: ({ spec }) => spec.selector,
  PersistentVolumeClaim: ({ spec }) => spec,
  Job: ({ spec }) => spec.template,
};

export interface ApiServer {
  url: string;
  /** Every change but those of Helm's own notes, in their order: `create Deployment resk`. */
  readonly changes: string[];
  objects(kind: string): Manifest[];
  /** Jobs whose name ends so fail from now on. */
  failing?: string;
}

/** Starts one on loopback; it ends with the test. */
export async function startApiServer(): Promise<ApiServer> {
  const kept = new Map<string, Manifest>();
  const state: ApiServer = {
    url: '',
    changes: [],
    objects: (kind) => [...kept.values()].filter((one) => one.kind === kind),
  };
  const server = createServer((request, response) => void handle(request, response, kept, state));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  state.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return state;
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  kept: Map<string, Manifest>,
  state: ApiServer,
) {
  const { pathname, searchParams } = new URL(request.url!, 'http://api');
  const send = (status: number, body: unknown) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  };
  // A description of no kind (protobuf of nothing): Helm then leaves the fields to the server, and here to manifests.test.ts.
  if (pathname === '/openapi/v2') return void response.writeHead(200).end();
  const discovered = discovery(pathname);
  if (discovered) return send(200, discovered);
  const found = /^\/(?:api|apis)\/(.+?)\/namespaces\/[^/]+\/([^/]+)(?:\/([^/]+))?$/.exec(pathname);
  const [, group = '', plural = '', name] = found ?? [];
  const kind = GROUPS[group]?.find((one) => pluralOf(one) === plural);
  if (!kind) return send(404, failed(404, 'NotFound', pathname));
  const body = await bodyOf(request);
  if (name === undefined && request.method === 'GET') {
    const items = [...kept.values()].filter((one) => one.kind === kind && matches(one, searchParams));
    if (searchParams.has('watch')) return watch(response, items);
    return send(200, { kind: `${kind}List`, apiVersion: group, metadata: { resourceVersion: '1' }, items });
  }
  const key = `${kind}/${name ?? body?.metadata.name}`;
  const there = kept.get(key);
  const note = (verb: string) => kind !== 'Secret' && state.changes.push(`${verb} ${key.replace('/', ' ')}`);
  if (request.method === 'POST') {
    if (there) return send(409, failed(409, 'AlreadyExists', key));
    const made = ended({ ...body!, apiVersion: group, kind }, state.failing);
    kept.set(key, made);
    note('create');
    return send(201, made);
  }
  if (!there) return send(404, failed(404, 'NotFound', key));
  if (request.method === 'GET') return send(200, there);
  if (request.method === 'DELETE') {
    kept.delete(key);
    note('delete');
    return send(200, { kind: 'Status', status: 'Success' });
  }
  const changed = request.method === 'PUT' ? { ...body!, apiVersion: group, kind } : (merged(there, body) as Manifest);
  const fixed = FIXED[kind];
  if (fixed && !isDeepStrictEqual(fixed(changed), fixed(there)))
    return send(422, failed(422, 'Invalid', `${key}: field is immutable`));
  kept.set(key, changed);
  note('change');
  return send(200, changed);
}

function discovery(path: string): unknown {
  const versions = Object.keys(GROUPS).filter((group) => group !== 'v1');
  if (path === '/version') return { major: '1', minor: '33', gitVersion: 'v1.33.0' };
  if (path === '/api') return { kind: 'APIVersions', versions: ['v1'] };
  if (path === '/apis') {
    const groups = versions.map((groupVersion) => {
      const [name, version] = groupVersion.split('/');
      return { name, versions: [{ groupVersion, version }], preferredVersion: { groupVersion, version } };
    });
    return { kind: 'APIGroupList', apiVersion: 'v1', groups };
  }
  const groupVersion = path.replace(/^\/apis?\//, '');
  if (!GROUPS[groupVersion]) return undefined;
  const verbs = ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'];
  const resources = GROUPS[groupVersion].map((kind) => ({ name: pluralOf(kind), kind, namespaced: true, verbs }));
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources };
}

/** Jobs and pods end at once: what they do is tested where they really run (boot.test.ts). */
function ended(made: Manifest, failing: string | undefined): Manifest {
  const bad = failing !== undefined && made.metadata.name.endsWith(failing);
  if (made.kind === 'Job') {
    return {
      ...made,
      status: { succeeded: bad ? 0 : 1, conditions: [{ type: bad ? 'Failed' : 'Complete', status: 'True' }] },
    };
  }
  return made.kind === 'Pod' ? { ...made, status: { phase: 'Succeeded' } } : made;
}

function matches({ metadata }: Manifest, query: URLSearchParams): boolean {
  const fields = query.get('fieldSelector')?.replace('metadata.name=', '');
  const labels = (query.get('labelSelector') ?? '').split(',').filter(Boolean);
  return (
    (fields === undefined || metadata.name === fields) &&
    labels.every((one) => metadata.labels?.[one.split('=')[0]!] === one.split('=').at(-1))
  );
}

function watch(response: ServerResponse, items: Manifest[]): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  for (const object of items) response.write(`${JSON.stringify({ type: 'MODIFIED', object })}\n`);
}

/** A strategic merge as far as Helm's patches need it: maps by key (null removes), lists of named things by name, others whole. */
function merged(old: unknown, patch: unknown): unknown {
  if (Array.isArray(patch) && Array.isArray(old) && patch.every((one) => (one as { name?: string })?.name)) {
    const named = patch as Array<{ name: string; $patch?: string }>;
    const rest = (old as Array<{ name: string }>).filter(({ name }) => !named.some((one) => one.name === name));
    const those = named.filter(({ $patch }) => $patch !== 'delete');
    return [
      ...rest,
      ...those.map((one) =>
        merged(
          (old as Array<{ name: string }>).find(({ name }) => name === one.name),
          one,
        ),
      ),
    ];
  }
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const result: Record<string, unknown> = { ...(typeof old === 'object' ? old : {}) };
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith('$')) continue;
    if (value === null) delete result[key];
    else result[key] = merged(result[key], value);
  }
  return result;
}

async function bodyOf(request: IncomingMessage): Promise<Manifest | undefined> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return parts.length === 0 ? undefined : (JSON.parse(Buffer.concat(parts).toString()) as Manifest);
}

function failed(code: number, reason: string, message: string) {
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message };
}
