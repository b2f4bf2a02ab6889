// An upgrade from the first release: its values are accepted, and nothing is asked that Kubernetes refuses to change.
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { Manifest } from '../../support/kubernetes.js';
import { allOf, attempt, manifestsOf, oneOf, RELEASE, render, VALUE_SETS } from './charts.js';

const fileOf = (name: string) => fileURLToPath(new URL(`releases/${name}`, import.meta.url));

/** What such values must now say as well: who is called, and who asks. */
const OUT = 'networkPolicy.egress=[{"to":[{"ipBlock":{"cidr":"10.1.0.0/16"}}],"ports":[{"port":6379}]}]';
const IN = 'networkPolicy.allowFrom=[{"ipBlock":{"cidr":"10.2.0.0/16"}}]';

/** Values that operators of 0.1.0 may have set, beside those of its file. */
const OVERRIDES = [
  [],
  ['existingSecret=resk'],
  ['persistence.enabled=false', 'replicaCount=3', 'config.CACHE_BACKEND=redis', OUT],
  ['serviceAccount.create=false', 'nodeSelector.disk=ssd', 'imagePullSecrets[0].name=registry', 'image.tag=1.2.3'],
  ['service.type=NodePort', IN, 'affinity.nodeAffinity.x=y', 'podAnnotations.a=b', 'config.RATE_LIMIT_MAX=5'],
];

test.each(OVERRIDES)('the values of 0.1.0 are accepted, with %s and others', (...set) => {
  const args = ['--values', fileOf('0.1.0/values.yaml')];
  expect(attempt(args, { set, upgrade: true })).toMatchObject({ ok: true });
});

describe('after 0.1.0', () => {
  const before = render([], { set: ['existingSecret=resk'], chart: fileOf('0.1.0') });
  const after = render(['--values', fileOf('0.1.0/values.yaml')], { set: ['existingSecret=resk'], upgrade: true });

  test('everything that there was is there under its name', () => {
    const names = (of: Manifest[]) => of.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    expect(names(before)).toHaveLength(5);
    expect(names(after)).toEqual(expect.arrayContaining(names(before)));
  });

  test('what Kubernetes lets nobody change is unchanged', () => {
    expect(fixedIn(after)).toEqual(fixedIn(before));
    const changed = structuredClone(after);
    oneOf(changed, 'Deployment').spec.selector.matchLabels.more = 'x';
    expect(fixedIn(changed)).not.toEqual(fixedIn(before));
  });

  test('the server is told the same, and mounts the same volume at the same place', () => {
    expect(dataOf(after)).toEqual(dataOf(before));
    const mounts = (of: Manifest[]) => oneOf(of, 'Deployment').spec.template.spec.containers[0].volumeMounts;
    expect(mounts(after)).toEqual(mounts(before));
  });
});

describe('hooks', () => {
  const hooksOf = (set: string, upgrade: boolean) =>
    manifestsOf(set, { upgrade })
      .filter(({ metadata }) => metadata.annotations?.['helm.sh/hook'])
      .map(({ metadata }) => [metadata.name, metadata.annotations!['helm.sh/hook']]);

  test('the settings are checked before an upgrade; the cache is warmed after it, when documents are reindexed', () => {
    expect(hooksOf('everything', true)).toEqual([
      ['answers-test', 'test'],
      ['answers-config-check', 'pre-upgrade'],
      ['answers-reindex', 'post-upgrade'],
      ['answers-warm-up', 'post-install,post-upgrade'],
    ]);
    const weight = (name: string) =>
      Number(oneOf(manifestsOf('everything'), 'Job', name).metadata.annotations!['helm.sh/hook-weight']);
    expect(weight('answers-reindex')).toBeLessThan(weight('answers-warm-up'));
  });

  test.each(VALUE_SETS)('of %s, a hook before the upgrade needs nothing that the upgrade brings', (set) => {
    const manifests = manifestsOf(set, { upgrade: true });
    const check = allOf(manifests, 'Job').find(({ metadata }) => metadata.name.endsWith('config-check'))!;
    const made = allOf(manifests, 'ConfigMap').map(({ metadata }) => metadata.name);
    const said = JSON.stringify(check.spec.template.spec);
    expect(made.filter((name) => said.includes(`"configMapRef":{"name":"${name}"}`))).toEqual([]);
    expect(check.spec.template.spec.serviceAccountName).toBeUndefined();
  });

  test.each(VALUE_SETS)('of %s, the settings that are checked are those that the server gets', (set) => {
    const manifests = manifestsOf(set, { upgrade: true });
    const check = allOf(manifests, 'Job').find(({ metadata }) => metadata.name.endsWith('config-check'))!;
    const { env, envFrom } = check.spec.template.spec.containers[0];
    const [controller] = [...allOf(manifests, 'Deployment'), ...allOf(manifests, 'Rollout')];
    const server = controller!.spec.template.spec.containers[0];
    const plain = oneOf(manifests, 'ConfigMap', controller!.metadata.name).data as Record<string, string>;
    const own = (server.env ?? []) as Array<{ name: string }>;
    expect(env).toEqual([
      ...Object.keys(plain)
        .filter((name) => own.every((one) => one.name !== name))
        .sort()
        .map((name) => ({ name, value: plain[name] })),
      ...own,
    ]);
    expect(envFrom).toEqual(server.envFrom.slice(1).length > 0 ? server.envFrom.slice(1) : undefined);
  });
});

function fixedIn(manifests: Manifest[]) {
  const [claim] = allOf(manifests, 'PersistentVolumeClaim');
  return {
    release: RELEASE,
    selector: oneOf(manifests, 'Deployment').spec.selector,
    claim: claim?.spec,
    service: { type: oneOf(manifests, 'Service').spec.type, selector: oneOf(manifests, 'Service').spec.selector },
  };
}

const dataOf = (manifests: Manifest[]) => oneOf(manifests, 'ConfigMap', 'release-resk-caching').data;
