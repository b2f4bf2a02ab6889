// What the chart gives Prometheus and Grafana is what stands in its folder, asks for metrics that exist, and parses.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { textOf, yamlOf } from '../delivery-files.js';
import { allOf, manifestsOf, NAMESPACE, oneOf, RELEASE, VALUE_SETS } from './charts.js';

const FOLDER = 'helm/resk-caching/monitoring';

interface Group {
  name: string;
  rules: Array<{ alert?: string; record?: string; expr: string; annotations?: Record<string, string> }>;
}

const groupsOf = (file: string) => yamlOf<{ groups: Group[] }>(`${FOLDER}/${file}`).groups;

test('every rule of the folder is in the PrometheusRule, word for word', () => {
  const { spec } = oneOf(manifestsOf('everything'), 'PrometheusRule');
  const files = readdirSync(FOLDER).filter((name) => name.endsWith('.rules.yaml'));
  expect(files.sort()).toEqual(['alerts.rules.yaml', 'slo.rules.yaml']);
  const written = files.flatMap(groupsOf);
  expect(written.length).toBeGreaterThan(1);
  expect(spec.groups).toEqual(written);
  // A template engine has taken nothing out of what is meant for Prometheus' own.
  expect(JSON.stringify(spec)).toContain('{{ $labels.');
});

test('alerts point at their runbook where its place is told', () => {
  const { spec } = oneOf(manifestsOf('production'), 'PrometheusRule');
  const alerts = (spec.groups as Group[]).flatMap(({ rules }) => rules).filter(({ alert }) => alert);
  expect(alerts.length).toBeGreaterThan(5);
  for (const { annotations } of alerts) {
    const page = annotations!.runbook!.replace('docs/runbooks/', '');
    expect(annotations!.runbook_url).toBe(`https://runbooks.example.com/resk/${page}`);
  }
});

test('promtool takes the rules as the operator would write them into a file', () => {
  const { spec } = oneOf(manifestsOf('production'), 'PrometheusRule');
  expect(promtool(spec.groups)).toMatchObject({ status: 0 });
  expect(promtool([{ name: 'broken', rules: [{ record: 'x', expr: 'sum(' }] }]).status).not.toBe(0);
});

test('every dashboard of the folder is a ConfigMap that Grafana’s sidecar finds', () => {
  const files = readdirSync(`${FOLDER}/dashboards`).filter((name) => name.endsWith('.json'));
  const maps = allOf(manifestsOf('everything'), 'ConfigMap').filter(
    ({ metadata }) => metadata.labels!.grafana_dashboard === '1',
  );
  expect(files.length).toBeGreaterThan(3);
  expect(maps).toHaveLength(files.length);
  for (const file of files) {
    const { data, metadata } = maps.find(
      ({ metadata: { name } }) => name === `answers-dashboard-${file.slice(0, -5)}`,
    )!;
    expect(JSON.parse(data[`resk-${file}`])).toEqual(JSON.parse(textOf(`${FOLDER}/dashboards/${file}`)));
    expect(metadata.annotations).toEqual({ grafana_folder: 'Answers' });
    // What Kubernetes keeps in one ConfigMap.
    expect(Buffer.byteLength(data[`resk-${file}`])).toBeLessThan(1_000_000);
  }
});

test('dashboards link to the runbooks where the values say that they are published', () => {
  const set = ['monitoring.dashboards.enabled=true', 'monitoring.runbookBase=https://pages.example.com/runbooks/'];
  const { data } = oneOf(manifestsOf(undefined, { set }), 'ConfigMap', 'release-resk-caching-dashboard-slo');
  const { templating } = JSON.parse(data['resk-slo.json']);
  const variable = templating.list.find(({ name }: { name: string }) => name === 'runbooks');
  expect(variable).toMatchObject({ query: 'https://pages.example.com/runbooks' });
  expect(variable.current.value).toBe('https://pages.example.com/runbooks');
});

test.each(VALUE_SETS)('of %s, what asks the server over TLS knows its authority and one of its names', (set) => {
  const manifests = manifestsOf(set);
  const certificate = allOf(manifests, 'Certificate').find(({ metadata }) => metadata.name.endsWith('-tls'));
  const monitors = allOf(manifests, 'ServiceMonitor').filter(({ spec }) => spec.endpoints[0].scheme === 'https');
  for (const { spec } of monitors) {
    const { tlsConfig } = spec.endpoints[0];
    if (certificate) expect(certificate.spec.dnsNames).toContain(tlsConfig.serverName);
    expect(tlsConfig.ca.secret.name).toBe(certificate?.spec.secretName ?? 'resk-tls');
  }
  const hosts = [...JSON.stringify(manifests).matchAll(/https:\/\/([a-z-]+\.answers\.svc)/g)].map(([, host]) => host);
  if (certificate) expect(certificate.spec.dnsNames).toEqual(expect.arrayContaining(hosts));
});

test('two releases in one namespace are two jobs', () => {
  const manifests = manifestsOf('everything');
  const { jobLabel, selector } = oneOf(manifests, 'ServiceMonitor').spec;
  const { labels } = allOf(manifests, 'Service').find(({ metadata }) => metadata.name.endsWith('-metrics'))!.metadata;
  expect(labels).toMatchObject(selector.matchLabels);
  expect(labels![jobLabel]).toBe(RELEASE);
});

test('a Prometheus without a certificate is not sent to a server that asks for one', () => {
  const [{ tlsConfig }] = oneOf(manifestsOf('mtls'), 'ServiceMonitor').spec.endpoints;
  expect(tlsConfig.keySecret).toEqual({ name: 'release-resk-caching-client', key: 'tls.key' });
  expect(tlsConfig.cert.secret).toEqual({ name: 'release-resk-caching-client', key: 'tls.crt' });
});

test('a rollout is judged by metrics that the server has, of the new pods alone', () => {
  const manifests = manifestsOf('canary');
  const { metrics, args } = oneOf(manifests, 'AnalysisTemplate').spec;
  expect(args).toEqual([{ name: 'pods' }]);
  const queries: string[] = metrics.map(
    (one: { provider: { prometheus: { query: string } } }) => one.provider.prometheus.query,
  );
  for (const query of queries) {
    const selectors = query.match(/resk_\w+\{/g)!.length;
    expect(query.match(/rollouts_pod_template_hash="\{\{args\.pods\}\}"/g)).toHaveLength(selectors);
    expect(query).toContain(`namespace="${NAMESPACE}"`);
  }
  expect(unknownIn(queries)).toEqual([]);
  const rules = queries.map((expr, at) => ({
    record: `analysis:${at}`,
    expr: expr.replaceAll('{{args.pods}}', 'abc'),
  }));
  expect(promtool([{ name: 'analysis', rules }])).toMatchObject({ status: 0 });
  // The label by which Prometheus tells them apart is one that it is told to take over.
  expect(oneOf(manifests, 'ServiceMonitor').spec.podTargetLabels).toEqual(['rollouts-pod-template-hash']);
});

test('the rules for prometheus-adapter make the metrics that the autoscaler asks for', () => {
  const { rules } = yamlOf<{
    rules: { custom: Array<{ name: { as: string }; seriesQuery: string; metricsQuery: string }> };
  }>('helm/resk-caching/prometheus-adapter.yaml');
  const asked = oneOf(manifestsOf('production'), 'HorizontalPodAutoscaler').spec.metrics;
  const names = asked.flatMap((one: { pods?: { metric: { name: string } } }) => one.pods?.metric.name ?? []);
  expect(rules.custom.map(({ name }) => name.as)).toEqual(names);
  const queries = rules.custom.map(({ seriesQuery, metricsQuery }) =>
    metricsQuery
      .replaceAll('<<.Series>>', seriesQuery.replace(/\{.*/, ''))
      .replaceAll('<<.LabelMatchers>>', 'namespace="answers",pod=~"a|b"')
      .replaceAll('<<.GroupBy>>', 'pod'),
  );
  expect(unknownIn(queries)).toEqual([]);
  expect(
    promtool([{ name: 'adapter', rules: queries.map((expr, at) => ({ record: `a:${at}`, expr })) }]),
  ).toMatchObject({ status: 0 });
});

/** Names of metrics that docs/OBSERVABILITY.md does not list. */
function unknownIn(queries: string[]): string[] {
  const listed = new Set([...textOf('docs/OBSERVABILITY.md').matchAll(/`(resk_\w+)`/g)].map(([, name]) => name));
  const asked = queries.flatMap((query) => query.match(/resk_\w+/g) ?? []);
  expect(asked.length).toBeGreaterThan(0);
  return asked.filter((name) => !listed.has(name) && !listed.has(name.replace(/_(bucket|count|sum)$/, '')));
}

function promtool(groups: unknown) {
  const folder = mkdtempSync(join(tmpdir(), 'resk-rules-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'rules.yaml'), stringify(parse(JSON.stringify({ groups }))));
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'rules', join(folder, 'rules.yaml')], {
    encoding: 'utf8',
  });
  return { status, said: `${stdout}${stderr}` };
}
