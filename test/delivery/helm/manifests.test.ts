// Whatever the values, what the chart makes is accepted by Kubernetes 1.30, 1.33 and 1.36, without a field that they do not know.
import { expect, test } from 'vitest';
import { definitionsOf, Kubernetes } from '../../support/kubernetes.js';
import { describeWithShared } from '../../support/shared-folder.js';
import { allOf, KUBERNETES_VERSIONS, manifestsOf, oneOf, podsOf, VALUE_SETS } from './charts.js';

const judges = new Map<string, Kubernetes>();

function judgeOf(version: string): Kubernetes {
  const judge = judges.get(version) ?? new Kubernetes(version);
  judges.set(version, judge);
  return judge;
}

describeWithShared(definitionsOf('1.33')).each(KUBERNETES_VERSIONS)('as Kubernetes %s defines them', (version) => {
  test.each([...VALUE_SETS, undefined])('the manifests of %s are valid', (set) => {
    for (const upgrade of [false, true]) {
      const manifests = manifestsOf(set, { version, upgrade });
      expect(manifests.length).toBeGreaterThan(5);
      expect(manifests.flatMap((one) => judgeOf(version).problemsOf(one))).toEqual([]);
    }
  });
});

describeWithShared(definitionsOf('1.33'))('a manifest that is wrong is seen to be wrong', () => {
  const problemsOf = (kind: string, set: string, spoil: (manifest: ReturnType<typeof oneOf>) => void) => {
    const [manifest] = allOf(manifestsOf(set), kind);
    spoil(manifest!);
    return judgeOf('1.33').problemsOf(manifest!);
  };

  test.each<[string, string, (manifest: ReturnType<typeof oneOf>) => void]>([
    [
      'Deployment',
      'minimal',
      ({ spec }) => {
        spec.replicas = 'many';
      },
    ],
    [
      'Deployment',
      'minimal',
      ({ spec }) => {
        spec.replikas = 1;
      },
    ],
    [
      'Deployment',
      'minimal',
      ({ spec }) => {
        spec.template.spec.containers[0].securityContext.privilege = false;
      },
    ],
    ['Deployment', 'minimal', ({ metadata }) => void Object.assign(metadata, { lables: {} })],
    [
      'PodDisruptionBudget',
      'minimal',
      ({ spec }) => {
        spec.maxUnavailable = {};
      },
    ],
    [
      'HorizontalPodAutoscaler',
      'production',
      ({ spec }) => {
        spec.metrics[0].resource.target.type = 7;
      },
    ],
    [
      'NetworkPolicy',
      'production',
      ({ spec }) => {
        spec.egress[0].from = [];
      },
    ],
    [
      'ServiceMonitor',
      'production',
      ({ spec }) => {
        spec.endpoints[0].bearerTokenSecrets = {};
      },
    ],
    [
      'PrometheusRule',
      'production',
      ({ spec }) => {
        spec.groups[0].rules[0].expression = '1';
      },
    ],
    ['Certificate', 'mtls', ({ spec }) => void delete spec.issuerRef],
    [
      'Issuer',
      'mtls',
      ({ spec }) => {
        spec.ca = { secretName: 'x' };
      },
    ],
    [
      'Rollout',
      'canary',
      ({ spec }) => {
        spec.strategy.canary.steps[0].weight = 10;
      },
    ],
    [
      'Rollout',
      'canary',
      ({ spec }) => {
        spec.template.spec.containers[0].image = 5;
      },
    ],
    [
      'AnalysisTemplate',
      'canary',
      ({ spec }) => {
        spec.metrics[0].provider.prometheus.adress = 'x';
      },
    ],
    [
      'ExternalSecret',
      'gateway',
      ({ spec }) => {
        spec.data[0].secretKey = 'with blank';
      },
    ],
    [
      'HTTPRoute',
      'gateway',
      ({ spec }) => {
        spec.rules[0].backendRefs[0].port = 'http';
      },
    ],
  ])('%s of %s', (kind, set, spoil) => {
    expect(problemsOf(kind, set, () => undefined)).toEqual([]);
    expect(problemsOf(kind, set, spoil)).not.toEqual([]);
  });

  test('a kind that nobody has defined is refused as well', () => {
    const manifest = { apiVersion: 'apps/v9', kind: 'Deployment', metadata: { name: 'x' } };
    expect(() => judgeOf('1.33').problemsOf(manifest)).toThrow('defines no io.k8s.api.apps.v9.Deployment');
  });
});

test('the value sets together make every kind that the chart knows', () => {
  const kinds = new Set(VALUE_SETS.flatMap((set) => manifestsOf(set)).map(({ kind }) => kind));
  expect([...kinds].sort()).toEqual([
    ...['AnalysisTemplate', 'Certificate', 'ConfigMap', 'Deployment', 'ExternalSecret', 'HTTPRoute'],
    ...['HorizontalPodAutoscaler', 'Ingress', 'Issuer', 'Job', 'NetworkPolicy', 'PersistentVolumeClaim', 'Pod'],
    ...[
      'PodDisruptionBudget',
      'PrometheusRule',
      'Rollout',
      'Service',
      'ServiceAccount',
      'ServiceMonitor',
      'StatefulSet',
    ],
  ]);
});

test('no two manifests of a release have one name', () => {
  for (const set of VALUE_SETS) {
    const names = manifestsOf(set).map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
  }
});

test('names fit, however long the name of the release', () => {
  const manifests = manifestsOf('canary', { set: [`fullnameOverride=${'a-long-name-'.repeat(5)}end`] });
  const longest = [...manifests.map(({ metadata }) => metadata.name), ...podsOf(manifests).flatMap(labelValues)];
  expect(longest.filter((name) => name.length > 63)).toEqual([]);
  expect(longest.filter((name) => !/^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/.test(name))).toEqual([]);
});

const labelValues = ({ labels }: { labels: Record<string, string> }) => Object.values(labels);
