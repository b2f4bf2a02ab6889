// The chart installs: it passes Helm's own checks, renders what Kubernetes accepts, and sets only what the server reads.
import { readFileSync } from 'node:fs';
import { Ajv, type ValidateFunction } from 'ajv';
import { expect, test } from 'vitest';
import { describeWithShared, sharedFile } from '../support/shared-folder.js';
import { helm, knownVariables, type Manifest, ofKind, rendered } from './delivery-files.js';

const VARIETY = [
  ['existingSecret=resk'],
  ['persistence.enabled=false', 'replicaCount=3', 'config.CACHE_BACKEND=redis'],
  ['serviceAccount.create=false', 'nodeSelector.disk=ssd', 'imagePullSecrets[0].name=registry', 'image.tag=1.2.3'],
];

test('passes helm lint --strict', () => {
  expect(helm('lint', '--strict')).toMatchObject({ ok: true });
});

test.each([
  ['config.CACHE_TLL=5m', 'CACHE_TLL'],
  ['config.JWT_SECRET=in-clear', 'JWT_SECRET'],
  ['config.CACHE_TTL=soon', 'CACHE_TTL'],
  ['replicaCout=2', 'replicaCout'],
  ['image.pullPolicy=Sometimes', 'pullPolicy'],
])('refuses %s and names it', (value, named) => {
  const { ok, output } = helm('template', '--set', value);
  expect({ ok, named: output.includes(named) }).toEqual({ ok: false, named: true });
});

test('refuses several replicas on one volume, and says what to do', () => {
  const { ok, output } = helm('template', '--set', 'replicaCount=2');
  expect(ok).toBe(false);
  expect(output).toContain('config.CACHE_BACKEND=redis');
});

test('runs the server without root, on a file system that it cannot write', () => {
  const { spec } = podOf(rendered());
  expect(spec.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
  expect(spec.containers[0]!.securityContext).toEqual({
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  });
  expect(Object.keys(spec.containers[0]!)).toEqual(
    expect.arrayContaining(['livenessProbe', 'readinessProbe', 'startupProbe', 'resources']),
  );
});

test('gives the server secrets by reference alone', () => {
  const manifests = rendered('existingSecret=resk');
  expect(podOf(manifests).spec.containers[0]!.envFrom).toContainEqual({ secretRef: { name: 'resk' } });
  expect(manifests.map(({ kind }) => kind)).not.toContain('Secret');
});

test('writes settings as text, however large or small the number', () => {
  const { data } = ofKind(rendered('config={"RATE_LIMIT_WINDOW_MS":86400000,"CACHE_TTL_JITTER":0.05}'), 'ConfigMap');
  expect(data).toMatchObject({ RATE_LIMIT_WINDOW_MS: '86400000', CACHE_TTL_JITTER: '0.05', HOST: '0.0.0.0' });
});

test('sets only variables that the server reads', () => {
  const { data } = ofKind(rendered(), 'ConfigMap');
  const known = knownVariables();
  expect(Object.keys(data as object).filter((name) => !known.has(name))).toEqual([]);
});

test('starts new pods when a setting changes', () => {
  const sum = (...values: string[]) => podOf(rendered(...values)).metadata.annotations['checksum/config'];
  expect(sum('config.CACHE_TTL=5m')).not.toBe(sum('config.CACHE_TTL=6m'));
});

const DEFINITIONS = 'specs/kubernetes/k8s-v1.33.0-definitions.json';

describeWithShared(DEFINITIONS)('as Kubernetes 1.33 defines them', () => {
  test.each(VARIETY)('the manifests with %s are valid', (...values) => {
    const wrong = rendered(...values).flatMap((manifest) => problemsOf(manifest));
    expect(wrong).toEqual([]);
  });

  test('a manifest with a wrong field is seen to be wrong', () => {
    const deployment = ofKind(rendered(), 'Deployment');
    expect(problemsOf({ ...deployment, spec: { ...(deployment.spec as object), replicas: 'many' } })).not.toEqual([]);
    expect(problemsOf({ ...deployment, spec: { ...(deployment.spec as object), replikas: 1 } })).not.toEqual([]);
  });
});

interface Pod {
  metadata: { annotations: Record<string, string> };
  spec: { securityContext: object; containers: Array<{ securityContext: object; envFrom: object[] }> };
}

function podOf(manifests: Manifest[]): Pod {
  return (ofKind(manifests, 'Deployment').spec as { template: Pod }).template;
}

type Definition = { properties?: Record<string, unknown>; additionalProperties?: unknown };

const validators = new Map<string, ValidateFunction>();

function problemsOf(manifest: Manifest): string[] {
  const validate = validators.get(manifest.kind) ?? validatorOf(manifest);
  validators.set(manifest.kind, validate);
  validate(manifest);
  return (validate.errors ?? []).map(({ instancePath, message }) => `${manifest.kind}${instancePath} ${message}`);
}

/** The definitions name fields but allow others; as the API server does, unknown fields are refused here. */
function validatorOf({ apiVersion, kind }: Manifest): ValidateFunction {
  const text = readFileSync(sharedFile(DEFINITIONS)!, 'utf8');
  const { definitions } = JSON.parse(text) as { definitions: Record<string, Definition> };
  for (const definition of Object.values(definitions)) {
    if (definition.properties && definition.additionalProperties === undefined) definition.additionalProperties = false;
  }
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['core', apiVersion];
  const name = `io.k8s.api.${group}.${version}.${kind}`;
  if (!definitions[name]) throw new Error(`Kubernetes defines no ${name}`);
  return new Ajv({ strict: false, validateFormats: false }).compile({ definitions, $ref: `#/definitions/${name}` });
}
