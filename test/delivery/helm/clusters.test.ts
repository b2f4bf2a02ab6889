// What a cluster would refuse or never finish, seen in the manifests: names, nodes, replacement, times, and the commands of the image.
import { describe, expect, test } from 'vitest';
import type { Manifest } from '../../support/kubernetes.js';
import { textOf } from '../delivery-files.js';
import { allOf, manifestsOf, oneOf, podsOf, refusalOf, render, serverPod, VALUE_SETS } from './charts.js';

const SETS = [...VALUE_SETS, undefined];
const SHARED = ['persistence.enabled=false', 'redis.source=chart', 'redis.passwordSecret.name=redis'];
const IN = 'networkPolicy.allowFrom=[{"podSelector":{}}]';
const with_ = (...set: string[]) => manifestsOf('minimal', { set, upgrade: true });

test.each(SETS)('of %s, every variable is text, and stands once', (set) => {
  for (const { owner, spec } of podsOf(manifestsOf(set, { upgrade: true }))) {
    const env = spec.containers.flatMap(({ env: its = [] }) => its);
    expect({ owner, other: env.filter(({ value }) => value !== undefined && typeof value !== 'string') }).toEqual({
      owner,
      other: [],
    });
    const names = env.map(({ name }) => name);
    expect({ owner, names: [...new Set(names)] }).toEqual({ owner, names });
  }
});

test('a setting that reads like a boolean is text for the pod of the tests too', () => {
  const [pod] = allOf(with_('config.METRICS_ACCESS=off'), 'Pod');
  expect(pod!.spec.containers[0].env).toContainEqual({ name: 'METRICS_ACCESS', value: 'off' });
});

test('a variable of extraEnv takes the place of a setting, in the check of the settings too', () => {
  const manifests = with_('extraEnv=[{"name":"HOST","value":"::"}]');
  const [check] = podsOf(manifests).filter(({ owner }) => owner.endsWith('config-check'));
  for (const { spec } of [serverPod(manifests), check!])
    expect(spec.containers[0]!.env!.filter(({ name }) => name === 'HOST')).toEqual([{ name: 'HOST', value: '::' }]);
});

test.each(SETS)('of %s, every command is a program of the image, with a file that the pod mounts', (set) => {
  const manifests = manifestsOf(set, { upgrade: true });
  const probes = Object.values(serverPod(manifests).spec.containers[0]!).flatMap((one) => one?.exec?.command ?? []);
  const commands = podsOf(manifests)
    .filter(({ owner }) => !owner.startsWith('StatefulSet'))
    .flatMap(({ spec }) => spec.containers.map(({ command }) => command ?? []));
  const assembled = textOf('deploy/image/assemble.mjs');
  for (const [program, file] of [...commands, probes].filter((one) => one.length > 0)) {
    if (program === 'resk') expect(assembled).toContain("'app/usr/local/bin/resk'");
    else expect([program, file]).toEqual(['node', expect.stringMatching(/^\/etc\/resk\/scripts\//)]);
  }
});

test('all pods of a release go where its nodes are', () => {
  const where = [
    'nodeSelector.pool=cache',
    'tolerations=[{"key":"pool","operator":"Exists"}]',
    'priorityClassName=high',
  ];
  const rollout = ['rollout.enabled=true', 'rollout.strategy=blueGreen'];
  for (const more of [[], rollout]) {
    const pods = podsOf(with_(...SHARED, ...where, ...more));
    expect(pods.length).toBeGreaterThan(3);
    for (const { owner, spec } of pods)
      expect({ owner, ...spec }).toMatchObject({
        owner,
        nodeSelector: { pool: 'cache' },
        tolerations: [{ key: 'pool' }],
        priorityClassName: 'high',
      });
  }
});

describe('where each pod needs a node of its own', () => {
  const set = [...SHARED, 'antiAffinity=hard', 'replicaCount=3'];
  const rollingOf = (version: string, more: string[] = []) => {
    const manifests = manifestsOf('minimal', { set: [...set, ...more], version });
    const [one] = [...allOf(manifests, 'Deployment'), ...allOf(manifests, 'Rollout')];
    const { podAntiAffinity } = serverPod(manifests).spec.affinity as { podAntiAffinity: Record<string, object[]> };
    const [term] = podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution as Array<{
      matchLabelKeys?: string[];
    }>;
    const { maxSurge, maxUnavailable } = one!.spec.strategy.rollingUpdate ?? one!.spec.strategy.canary;
    return { surge: maxSurge, unavailable: maxUnavailable, among: term!.matchLabelKeys };
  };

  test('a new pod may stand beside the one that it replaces', () => {
    expect(rollingOf('1.33')).toEqual({ surge: '25%', unavailable: 0, among: ['pod-template-hash'] });
    const canary = rollingOf('1.33', ['rollout.enabled=true', 'rollout.analysis.enabled=false']);
    expect(canary.among).toEqual(['rollouts-pod-template-hash']);
  });

  test('or, where Kubernetes cannot tell versions apart, one goes first', () =>
    expect(rollingOf('1.30')).toEqual({ surge: 0, unavailable: 1, among: undefined }));
});

test.each([
  ['1.5m', 5 + 90 + 15],
  ['250ms', 5 + 1 + 15],
  ['20s', 5 + 20 + 15],
])('with STOP_TIMEOUT=%s the pod has %d seconds to end', (limit, seconds) => {
  const pod = serverPod(with_(`config.STOP_TIMEOUT=${limit}`));
  expect(pod.spec.terminationGracePeriodSeconds).toBe(seconds);
});

test('the name of a long release leaves room for what Kubernetes adds', () => {
  const name = 'a-name-of-a-release-that-somebody-has-made-rather-long';
  const manifests = with_(...SHARED, `fullnameOverride=${name}`);
  const redis = oneOf(manifests, 'StatefulSet').metadata.name;
  expect(`${redis}-0123456789`.length).toBeLessThanOrEqual(63);
  const url = serverPod(manifests).spec.containers[0]!.env!.find((one) => one.name === 'REDIS_URL')!;
  expect(url.value).toContain(`@${redis}:6379`);
  expect(allOf(manifests, 'Service').map(({ metadata }) => metadata.name)).toContain(redis);
});

test('a name that no Service may have is refused', () => {
  expect(refusalOf('minimal', 'fullnameOverride=a.b').output).toContain('fullnameOverride');
  expect(refusalOf('minimal', 'nameOverride=1cache', 'fullnameOverride=').output).not.toContain(
    'no name for a Service',
  );
});

test('DNS is found where a cluster has it', () => {
  const dns = ['networkPolicy.dns.ports[0]=5353', 'networkPolicy.dns.to=[{"ipBlock":{"cidr":"169.254.20.10/32"}}]'];
  const policies = allOf(with_(...dns), 'NetworkPolicy');
  expect(policies).toHaveLength(2);
  for (const { spec } of policies) {
    const [rule] = spec.egress as Array<{ to: object[]; ports: object[] }>;
    expect(rule!.to).toContainEqual({ ipBlock: { cidr: '169.254.20.10/32' } });
    expect(rule!.ports).toEqual(['UDP', 'TCP'].map((protocol) => ({ protocol, port: 5353 })));
  }
  expect(refusalOf('minimal', 'networkPolicy.dns.to=[{"ipBlock":{"cidr":"0.0.0.0/0"}}]').ok).toBe(false);
});

describe('a Rollout', () => {
  const analysisOf = (strategy: string) => {
    const set = [...SHARED, IN, 'rollout.enabled=true', `rollout.strategy=${strategy}`];
    const [slo] = allOf(with_(...set, 'monitoring.serviceMonitor.enabled=true'), 'AnalysisTemplate');
    return slo!.spec.metrics as Array<{ name: string; count?: number; provider: { prometheus: { query: string } } }>;
  };

  test('is looked at until the last step of a canary, and for a while after a switch', () => {
    expect(analysisOf('canary').map(({ count }) => count)).toEqual([undefined, undefined]);
    expect(analysisOf('blueGreen').map(({ count }) => count)).toEqual([10, 10]);
  });

  test('is judged by the requests of the objective, and by no probe', () => {
    const [{ provider }] = analysisOf('canary') as [ReturnType<typeof analysisOf>[number]];
    const matchers = provider.prometheus.query.match(/route=~"\/api\/\.\+",route!~"[^"]+"/g)!;
    expect(matchers).toHaveLength(3);
    for (const one of matchers) expect(textOf('helm/resk-caching/monitoring/slo.rules.yaml')).toContain(one);
    expect(provider.prometheus.query).toContain('tenant.crowded');
  });

  test('is not reindexed by pods that it replaces', () => {
    const hooks = ['hooks.reindex.enabled=true', 'hooks.tokenSecret.name=jobs'];
    expect(
      refusalOf('minimal', ...SHARED, ...hooks, 'rollout.enabled=true', 'rollout.analysis.enabled=false'),
    ).toMatchObject({
      ok: false,
      output: expect.stringContaining('run resk reindex after the promotion'),
    });
  });
});

test('the certificate for outside has the names of both ways in', () => {
  const ways = [
    'ingress.enabled=true',
    'ingress.hosts[0]=a.example',
    'ingress.tlsSecret=outside',
    'gateway.enabled=true',
  ];
  const names = ['gateway.parentRefs[0].name=g', 'gateway.hostnames={b.example,a.example}'];
  const issued = ['certManager.outside.enabled=true', 'certManager.outside.issuerRef.name=letsencrypt'];
  const plain = [
    '--values',
    'test/delivery/helm/values/minimal.yaml',
    ...[...ways, ...names, ...issued].flatMap((one) => ['--set', one]),
  ];
  const manifests: Manifest[] = render([...plain, '--set-json', IN]);
  expect(oneOf(manifests, 'Certificate').spec.dnsNames).toEqual(['a.example', 'b.example']);
});

test('an upgrade that keeps the former chart’s values alone says so', () => {
  expect(refusalOf('minimal', 'tests=null').output).toContain('--reset-then-reuse-values');
});
