// The chart's values, their schema and their table say the same, and the schema leaves no room for a slip.
import { Ajv } from 'ajv';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { sections } from '../../../apps/server/src/sections.js';
import { CHART_VALUES, type ValueSchema } from '../../../scripts/generate/chart-values.js';
import {
  plainSettings,
  SET_BY_CHART,
  valuesDocument,
  valuesIn,
  valuesSchema,
} from '../../../scripts/generate/helm-values.js';
import { textOf } from '../delivery-files.js';
import { manifestsOf, oneOf, VALUE_SETS, valuesOf } from './charts.js';

const TEXT = textOf('helm/resk-caching/values.yaml');
const values = parse(TEXT) as Record<string, unknown>;
const schema = JSON.parse(valuesSchema(sections, TEXT)) as ValueSchema;
const accepts = new Ajv({ strict: false }).compile(schema);

test('values.yaml names every value that the schema knows, and no other', () => {
  const { config, ...own } = values;
  expect(Object.keys(own)).toEqual(Object.keys(CHART_VALUES));
  expect(config).toEqual({ LOG_LEVEL: 'info' });
  expect(missingIn(own, CHART_VALUES, '')).toEqual([]);
});

test('the defaults fit the schema, and so does every value set', () => {
  for (const one of [values, ...VALUE_SETS.map(valuesOf)]) {
    accepts(one);
    expect(accepts.errors).toBeNull();
  }
});

test('wherever the chart names values, another name is refused', () => {
  const open = groupsIn(schema, '').filter(({ group }) => group.additionalProperties === undefined);
  expect(open).toEqual([]);
  expect(accepts({ ...values, tls: { enabeld: true } })).toBe(false);
});

test('every value has a meaning', () => {
  const without = valuesIn(TEXT).filter(({ meaning }) => meaning.length < 5);
  expect(without).toEqual([]);
  expect(schema.properties!.image!.properties!.digest!.description).toBe(
    'Digest of the image, as sha256:…; it takes the place of the tag.',
  );
});

test('a setting that the chart itself makes has no place under config', () => {
  const settings = plainSettings(sections).map(({ env }) => env);
  expect(settings.filter((name) => SET_BY_CHART.includes(name))).toEqual([]);
  const made = VALUE_SETS.flatMap((set) => {
    const manifests = manifestsOf(set);
    const given = Object.keys((valuesOf(set).config as object | undefined) ?? {});
    const { data } = oneOf(manifests, 'ConfigMap', oneOf(manifests, 'PodDisruptionBudget').metadata.name);
    return Object.keys(data as object).filter((name) => !given.includes(name));
  });
  // CACHE_BACKEND follows redis.source, and may be said otherwise.
  expect([...new Set(made)].sort()).toEqual([...SET_BY_CHART, 'CACHE_BACKEND', 'LOG_LEVEL'].sort());
});

test('the table has a line for every value, with its form and default', () => {
  const table = valuesDocument(
    '# How many.\nreplicaCount: 2\n# A door.\nservice:\n  # Its number.\n  port: 3000\nconfig: {}\n',
  );
  expect(table.split('\n')).toEqual(
    expect.arrayContaining([
      '| `replicaCount` | whole number | `2` | How many. |',
      '## service',
      'A door.',
      '| `service.port` | whole number | `3000` | Its number. |',
    ]),
  );
  expect(table).not.toContain('config: ');
});

test('an indented line of a comment is an example, not part of the meaning', () => {
  const [one] = valuesIn('# What it is,\n# and why.\n#   kubectl do it\nreplicaCount: 1\n');
  expect(one!.meaning).toBe('What it is, and why.');
  expect(valuesIn('')).toEqual([]);
});

function missingIn(given: Record<string, unknown>, wanted: Record<string, ValueSchema>, path: string): string[] {
  return Object.entries(wanted).flatMap(([name, { properties }]) => {
    const value = given[name];
    // What Kubernetes names (a probe's fields, resources) needs no default here.
    if (value === undefined)
      return /^(probes|resources|hooks\.resources|redis\.chart\.resources)\./.test(path + name) ? [] : [path + name];
    return properties ? missingIn(value as Record<string, unknown>, properties, `${path}${name}.`) : [];
  });
}

function groupsIn(one: ValueSchema, path: string): Array<{ path: string; group: ValueSchema }> {
  const inner = Object.entries(one.properties ?? {}).flatMap(([name, value]) => groupsIn(value, `${path}.${name}`));
  return one.properties ? [{ path, group: one }, ...inner] : inner;
}
