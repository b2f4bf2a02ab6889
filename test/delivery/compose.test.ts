// docker compose and the image give the server what it reads, no secret of ours, and no door to the world.
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { expect, test } from 'vitest';
import { describeWithShared, sharedFile } from '../support/shared-folder.js';
import { knownVariables, textOf, yamlOf } from './delivery-files.js';

interface Compose {
  services: Record<
    string,
    { environment?: Record<string, string>; ports?: string[]; healthcheck?: object; read_only?: boolean }
  >;
}

const compose = () => yamlOf<Compose>('docker-compose.yml');

test('compose sets only variables that the server reads', () => {
  const known = knownVariables();
  const set = Object.keys(compose().services.server!.environment!);
  expect(set.length).toBeGreaterThan(3);
  expect(set.filter((name) => !known.has(name))).toEqual([]);
});

test('the image sets only variables that the server reads', () => {
  const known = knownVariables();
  const set = [...textOf('Dockerfile').matchAll(/^ENV (.*)$/gm)].flatMap(([, line]) => line!.match(/\w+(?==)/g)!);
  expect(set).toContain('HOST');
  expect(set.filter((name) => !known.has(name))).toEqual([]);
});

test('compose holds no secret: it asks for one and will not start without', () => {
  const { environment } = compose().services.server!;
  expect(environment!.JWT_SECRET).toMatch(/^\$\{JWT_SECRET:\?.+\}$/);
  expect(environment!.CACHE_ENCRYPTION_KEY).toBe(`\${CACHE_ENCRYPTION_KEY:-}`);
});

test('compose opens the server to this machine alone, and Redis to nobody outside', () => {
  const { server, redis } = compose().services;
  expect(server!.ports).toEqual(['127.0.0.1:3000:3000']);
  expect(redis!.ports).toBeUndefined();
});

test('every service has a health check', () => {
  const without = Object.entries(compose().services).filter(([, { healthcheck }]) => !healthcheck);
  expect(without).toEqual([]);
});

test('the image does not run as root', () => {
  const users = [...textOf('Dockerfile').matchAll(/^USER (\S+)$/gm)].map(([, user]) => user);
  expect(users.at(-1)).toBe('10001:10001');
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
    check(compose());
    expect(check.errors).toBeNull();
  });

  test('a wrong field is seen to be wrong', () => {
    const file = compose();
    Object.assign(file.services.server!, { prots: [] });
    expect(validate()(file)).toBe(false);
  });
});
