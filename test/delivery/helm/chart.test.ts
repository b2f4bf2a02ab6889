// The chart installs: it passes Helm's own checks, refuses what would not work, and its parts know each other.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Manifest } from '../../support/kubernetes.js';
import { CHART, helm, knownVariables, textOf } from '../delivery-files.js';
import { fencesOf } from '../docs/fences.js';
import {
  allOf,
  attempt,
  type Container,
  manifestsOf,
  oneOf,
  podsOf,
  refusalOf,
  serverPod,
  VALUE_SETS,
  valuesFile,
} from './charts.js';

describe('helm lint --strict', () => {
  test.each(VALUE_SETS)('is content with %s', (set) => {
    expect(helm('lint', '--strict', CHART, '--values', valuesFile(set))).toMatchObject({ ok: true });
  });

  test('is content with the chart’s own values', () => {
    expect(helm('lint', '--strict', CHART)).toMatchObject({ ok: true });
  });
});

test.each([
  ['config.CACHE_TLL=5m', 'CACHE_TLL'],
  ['config.JWT_SECRET=in-clear', 'JWT_SECRET'],
  ['config.TLS_CERT=/x', 'TLS_CERT'],
  ['config.CACHE_TTL=soon', 'CACHE_TTL'],
  ['replicaCout=2', 'replicaCout'],
  ['image.pullPolicy=Sometimes', 'pullPolicy'],
  ['image.tag=latest', 'image.tag'],
  ['autoscaling.p95Second.enabled=true', 'p95Second'],
  ['externalSecret.data.jwt_secret.key=x', 'jwt_secret'],
  ['podDisruptionBudget.maxUnavailable=0', 'maxUnavailable'],
])('refuses %s and names it', (value, named) => {
  const { ok, output } = refusalOf(undefined, value);
  expect({ ok, named: output.includes(named) }).toEqual({ ok: false, named: true });
});

/** Values that would install and not work, and what the refusal tells to do. */
test.each([
  [['replicaCount=2'], 'config.CACHE_BACKEND=redis'],
  [['persistence.enabled=false', 'replicaCount=2'], 'set redis.source'],
  [
    ['persistence.enabled=false', 'replicaCount=2', 'config.CACHE_BACKEND=redis', 'config.RECORDS_BACKEND=memory'],
    'share',
  ],
  [['autoscaling.enabled=true'], 'persistence'],
  [['rollout.enabled=true'], 'persistence'],
  [['redis.source=existing'], 'redis.host'],
  [['redis.source=chart'], 'openssl rand -hex 24'],
  [['redis.source=chart', 'redis.passwordSecret.name=r', 'redis.tls=true'], 'neither TLS'],
  [['redis.source=existing', 'redis.host=r', 'config.CACHE_BACKEND=sqlite'], 'do not use'],
  [['existingSecret=a', 'externalSecret.enabled=true'], 'choose one'],
  [['externalSecret.enabled=true'], 'secretStoreRef.name'],
  [['tls.enabled=true'], 'tls.secretName'],
  [['tls.clientAuth=required'], 'tls.enabled'],
  [['tls.enabled=true', 'tls.secretName=t', 'tls.clientAuth=required'], 'tls.clientSecret'],
  [['hooks.warmUp.enabled=true'], 'hooks.tokenSecret.name'],
  [['hooks.warmUp.enabled=true', 'hooks.tokenSecret.name=t'], 'hooks.warmUp.configMap.name'],
  [['ingress.enabled=true'], 'ingress.hosts'],
  [['gateway.enabled=true'], 'gateway.parentRefs'],
  [['certManager.outside.enabled=true'], 'certManager.acme.enabled'],
  [['certManager.outside.enabled=true', 'certManager.outside.issuerRef.name=i'], 'ingress.hosts or gateway.hostnames'],
  [['certManager.acme.enabled=true'], 'certManager.acme.solvers'],
  [['monitoring.serviceMonitor.enabled=true', 'config.METRICS_ACCESS=off'], 'nothing to scrape'],
  [['monitoring.serviceMonitor.enabled=true', 'config.METRICS_ACCESS=token'], 'METRICS_TOKEN'],
])('refuses %j, and says what to do', (values, told) => {
  const { ok, output } = refusalOf(undefined, ...values);
  expect({ ok, told: output.includes(told), output }).toMatchObject({ ok: false, told: true });
});

test.each([
  ['mtls', 'hooks.warmUp.enabled=true', 'no client certificate to show'],
  ['production', 'autoscaling.maxReplicas=2', 'greater than autoscaling.maxReplicas'],
  ['production', 'certManager.acme.enabled=false', 'issuerRef.name'],
  ['production', 'ingress.tlsSecret=', 'ingress.tlsSecret'],
  ['canary', 'ingress.enabled=false', 'needs ingress.enabled'],
  ['canary', 'monitoring.serviceMonitor.enabled=false', 'monitoring.serviceMonitor'],
])('refuses %s with %s', (set, value, told) => {
  const extra = value === 'ingress.enabled=false' ? ['certManager.outside.enabled=false'] : [];
  const { ok, output } = refusalOf(set, value, ...extra);
  expect({ ok, told: output.includes(told), output }).toMatchObject({ ok: false, told: true });
});

const examples = fencesOf(textOf('docs/KUBERNETES.md')).filter(({ language }) => language === 'yaml');

test('the page of the chart shows values', () => expect(examples.length).toBeGreaterThan(2));

test.each(examples)('the values in line $line of its page install', ({ text }) => {
  const folder = mkdtempSync(join(tmpdir(), 'resk-values-'));
  try {
    writeFileSync(join(folder, 'values.yaml'), text);
    expect(attempt(['--values', valuesFile('minimal'), '--values', join(folder, 'values.yaml')])).toMatchObject({
      ok: true,
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

describe.each(VALUE_SETS)('of %s', (set) => {
  const manifests = manifestsOf(set, { upgrade: true });

  test('every Service finds pods, at a port that they have', () => {
    for (const { metadata, spec } of allOf(manifests, 'Service')) {
      const found = podsOf(manifests).filter(({ labels, lasting }) => lasting && selects(spec.selector, labels));
      expect({ service: metadata.name, pods: found.length }).toEqual({ service: metadata.name, pods: 1 });
      const named = found[0]!.spec.containers.flatMap(({ ports = [] }) => ports.map(({ name }) => name));
      expect(named).toEqual(expect.arrayContaining(spec.ports.map((one: { targetPort: string }) => one.targetPort)));
    }
  });

  test('no Service and no controller takes a pod that is not its own', () => {
    const passing = podsOf(manifests).filter(({ lasting }) => !lasting);
    const controllers = [
      ...allOf(manifests, 'Deployment'),
      ...allOf(manifests, 'Rollout'),
      ...allOf(manifests, 'StatefulSet'),
    ];
    const selectors = [
      ...allOf(manifests, 'Service').map(({ spec }) => spec.selector),
      ...controllers.map(({ spec }) => spec.selector.matchLabels),
    ];
    for (const selector of selectors) expect(passing.filter(({ labels }) => selects(selector, labels))).toEqual([]);
    for (const { spec } of controllers) {
      expect(selects(spec.selector.matchLabels, spec.template.metadata.labels)).toBe(true);
      expect(podsOf(manifests).filter(({ labels }) => selects(spec.selector.matchLabels, labels))).toHaveLength(1);
    }
  });

  test('what is referred to by name is there', () => {
    const names = (kind: string) => allOf(manifests, kind).map(({ metadata }) => metadata.name);
    const said = JSON.stringify(manifests);
    const services = [...said.matchAll(/"(?:activeService|previewService|canaryService|stableService)":"([^"]+)"/g)];
    const templates = [...said.matchAll(/"templateName":"([^"]+)"/g)];
    const claims = [...said.matchAll(/"claimName":"([^"]+)"/g)];
    expect(names('Service')).toEqual(expect.arrayContaining(services.map(([, name]) => name)));
    expect(names('AnalysisTemplate')).toEqual(expect.arrayContaining(templates.map(([, name]) => name)));
    expect(names('PersistentVolumeClaim')).toEqual(expect.arrayContaining(claims.map(([, name]) => name)));
    for (const { spec } of allOf(manifests, 'HorizontalPodAutoscaler')) {
      expect(oneOf(manifests, spec.scaleTargetRef.kind).metadata.name).toBe(spec.scaleTargetRef.name);
    }
    const own = names('Issuer');
    const issuers = allOf(manifests, 'Certificate').map(({ spec }) => spec.issuerRef);
    expect(issuers.filter(({ kind, name }) => kind === 'Issuer' && !own.includes(name))).toEqual([]);
    const backends = [...said.matchAll(/"backend":\{"service":\{"name":"([^"]+)"/g), ...routed(manifests)];
    expect(names('Service')).toEqual(expect.arrayContaining(backends.map(([, name]) => name)));
  });

  test('the ConfigMap holds text alone, by names that the server reads', () => {
    const { data } = oneOf(manifests, 'ConfigMap', serviceName(manifests));
    const known = knownVariables();
    expect(Object.keys(data).length).toBeGreaterThan(4);
    expect(Object.keys(data).filter((name) => !known.has(name))).toEqual([]);
    expect(Object.values(data).filter((value) => typeof value !== 'string')).toEqual([]);
  });

  test('the chart makes no Secret', () => {
    expect(allOf(manifests, 'Secret')).toEqual([]);
  });

  test('the pod is given longer to end than the server takes', () => {
    const { spec } = serverPod(manifests);
    const { data } = oneOf(manifests, 'ConfigMap', serviceName(manifests));
    const stopSeconds = Number.parseInt(data.STOP_TIMEOUT ?? '10s', 10);
    const before = spec.containers[0]!.lifecycle.preStop.sleep.seconds as number;
    expect(spec.terminationGracePeriodSeconds).toBeGreaterThan(stopSeconds + before);
  });

  test('the service account is there, or is one that the values name', () => {
    const [account] = allOf(manifests, 'ServiceAccount');
    expect(serverPod(manifests).spec.serviceAccountName).toBe(account!.metadata.name);
    expect(account!.automountServiceAccountToken).toBe(false);
  });
});

test('secrets come by reference alone', () => {
  const [server] = serverPod(manifestsOf('minimal')).spec.containers;
  expect(server!.envFrom).toContainEqual({ secretRef: { name: 'resk' } });
});

test('writes settings as text, however large or small the number', () => {
  const { data } = oneOf(manifestsOf('everything'), 'ConfigMap', 'answers');
  expect(data).toMatchObject({ RATE_LIMIT_WINDOW_MS: '86400000', CACHE_TTL_JITTER: '0.05', REPLAY_PROTECTION: 'off' });
});

test('starts new pods when a setting changes', () => {
  const sum = (value: string) =>
    serverPod(manifestsOf(undefined, { set: [`config.CACHE_TTL=${value}`] })).annotations['checksum/config'];
  expect(sum('5m')).not.toBe(sum('6m'));
});

test.each([
  ['250ms', 21],
  ['30s', 50],
  ['2m', 140],
])('a STOP_TIMEOUT of %s gives the pod %i seconds to end', (stop, seconds) => {
  const manifests = manifestsOf(undefined, { set: [`config.STOP_TIMEOUT=${stop}`] });
  expect(serverPod(manifests).spec.terminationGracePeriodSeconds).toBe(seconds);
});

test('nobody decides on replicas beside the autoscaler', () => {
  expect(oneOf(manifestsOf('production'), 'Deployment').spec).not.toHaveProperty('replicas');
  expect(oneOf(manifestsOf('minimal'), 'Deployment').spec.replicas).toBe(1);
});

test('one volume has one writer; without a volume no pod goes before its successor is ready', () => {
  expect(oneOf(manifestsOf('minimal'), 'Deployment').spec.strategy).toEqual({ type: 'Recreate' });
  expect(oneOf(manifestsOf('production'), 'Deployment').spec.strategy.rollingUpdate.maxUnavailable).toBe(0);
});

test('probes of a server that asks for client certificates show one; others speak TLS where the server does', () => {
  const probe = (set: string) => (serverPod(manifestsOf(set)).spec.containers[0] as Container).readinessProbe;
  expect(probe('mtls').exec.command.slice(0, 2)).toEqual(['node', '/etc/resk/scripts/probe.mjs']);
  expect(probe('blue-green').httpGet).toEqual({ path: '/health/ready', port: 'http', scheme: 'HTTPS' });
  expect(probe('minimal').httpGet).toEqual({ path: '/health/ready', port: 'http' });
});

test('before Kubernetes 1.30, which cannot sleep, the pod waits by its own means', () => {
  const [server] = serverPod(manifestsOf('minimal', { version: '1.29' })).spec.containers;
  expect(server!.lifecycle.preStop.exec.command).toEqual(['node', '-e', 'setTimeout(() => {}, 5000)']);
});

function routed(manifests: Manifest[]): string[][] {
  const rules = allOf(manifests, 'HTTPRoute').flatMap(({ spec }) => spec.rules);
  return rules.flatMap(({ backendRefs }) => backendRefs.map(({ name }: { name: string }) => ['', name]));
}

function serviceName(manifests: Manifest[]): string {
  return oneOf(manifests, 'PodDisruptionBudget').metadata.name;
}

function selects(wanted: Record<string, string>, labels: Record<string, string>): boolean {
  return Object.entries(wanted).every(([name, value]) => labels[name] === value);
}
