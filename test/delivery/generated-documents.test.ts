// The documents made from code say what the code says, and what they offer to copy really works.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseEnv } from 'node:util';
import { Ajv } from 'ajv';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { section, setting } from '#config';
import { sections } from '../../apps/server/src/sections.js';
import { configurationDocument } from '../../scripts/generate/configuration.js';
import { envExample } from '../../scripts/generate/env-example.js';
import { failuresDocument } from '../../scripts/generate/failures.js';
import { valuesSchema, withSettings } from '../../scripts/generate/helm-values.js';
import { textOf } from './delivery-files.js';

const kettle = section(
  'kettle',
  { title: 'Kettle', doc: 'How water is boiled.' },
  {
    heat: setting('KETTLE_HEAT', { doc: 'Heat | in percent.', developmentDefault: '50' })
      .integer({ max: 100 })
      .default('90'),
    key: setting('KETTLE_KEY', { doc: 'Key of the lid.' }).secret().optional(),
    label: setting('KETTLE_LABEL', { doc: 'What is written on it.' }).text().default("the cook's own"),
  },
);

test('the configuration names each variable with its form, its defaults and its meaning', () => {
  const lines = configurationDocument([kettle]).split('\n');
  expect(lines).toContain('## Kettle');
  expect(lines).toContain('| `KETTLE_HEAT` | whole number from 0 to 100 | `90` | `50` | Heat \\| in percent. |');
  expect(lines).toContain('| `KETTLE_KEY` | secret | not set | the same | Key of the lid. |');
});

test('.env.example changes nothing until a line is uncommented', () => {
  expect(parseEnv(envExample(sections))).toEqual({});
});

test('every value of .env.example is one that the server accepts', () => {
  const uncommented = parseEnv(envExample([...sections, kettle]).replace(/^#(?=[A-Z][A-Z0-9_]*=)/gm, ''));
  const settings = [...sections, kettle].flatMap((part) => Object.values(part.settings));
  expect(Object.keys(uncommented).sort()).toEqual([...new Set(settings.map(({ env }) => env))].sort());
  for (const one of settings) {
    const text = uncommented[one.env]!;
    if (text !== '') expect(() => one.read(text), one.env).not.toThrow();
  }
  expect(uncommented.KETTLE_LABEL).toBe("the cook's own");
});

describe('the values of the chart', () => {
  const uncommented = () =>
    parse(
      withSettings(textOf('helm/resk-caching/values.yaml'), sections).replace(/^ {2}# (?=[A-Z][A-Z0-9_]*:)/gm, '  '),
    );

  test('fit their schema when every setting is uncommented', () => {
    const values = uncommented() as { config: Record<string, unknown> };
    const config = Object.entries(values.config).filter(([, value]) => value !== null);
    expect(config.length).toBeGreaterThan(20);
    const validate = new Ajv({ strict: false }).compile(JSON.parse(valuesSchema(sections)) as object);
    validate({ ...values, config: Object.fromEntries(config) });
    expect(validate.errors).toBeNull();
  });

  test('have no place for a secret, nor for what the chart sets itself', () => {
    const text = valuesSchema([...sections, kettle]);
    const { properties } = (JSON.parse(text) as { properties: { config: { properties: object } } }).properties.config;
    expect(Object.keys(properties)).toContain('KETTLE_HEAT');
    expect(Object.keys(properties)).not.toEqual(expect.arrayContaining(['KETTLE_KEY']));
    expect(Object.keys(properties)).not.toEqual(expect.arrayContaining(['DATA_DIR']));
  });

  test('keep what is written outside the marks, and are refused without them', () => {
    const renewed = withSettings(
      'a: 1\nconfig:\n  # settings: made by npm run generate, do not edit between here and the end\n  # OLD: 1\n  # end of settings\nb: 2\n',
      [kettle],
    );
    expect(renewed).toMatch(/^a: 1\nconfig:\n[\s\S]*# KETTLE_HEAT: 90\n[\s\S]*# end of settings\nb: 2\n$/);
    expect(renewed).not.toContain('OLD');
    expect(() => withSettings('config: {}', [kettle])).toThrow('lacks its marks');
  });
});

test('failures are listed by area with their status, and are safe in Markdown', () => {
  const document = failuresDocument(
    { 'tea.cold': { kind: 'late', title: 'Cold tea', detail: 'Send <hot> tea\nagain.' } },
    () => 504,
  );
  expect(document).toContain('## tea\n');
  expect(document).toContain('| `tea.cold` | late | 504 | Cold tea | Send &lt;hot> tea again. |');
});

// It starts the whole generator three times.
test('npm run generate -- --check names every stale file and fails, and is content after npm run generate', {
  timeout: 120_000,
}, () => {
  const root = mkdtempSync(join(tmpdir(), 'generate-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  mkdirSync(join(root, 'helm/resk-caching'), { recursive: true });
  const generator = fileURLToPath(new URL('../../dist/scripts/generate/main.js', import.meta.url));
  const generate = (...args: string[]) =>
    spawnSync(process.execPath, [generator, ...args], { cwd: root, encoding: 'utf8' });
  cpSync(
    fileURLToPath(new URL('../../helm/resk-caching/values.yaml', import.meta.url)),
    join(root, 'helm/resk-caching/values.yaml'),
  );

  expect(generate().status).toBe(0);
  expect(generate('--check').status).toBe(0);

  writeFileSync(join(root, 'docs/FAILURES.md'), 'old');
  rmSync(join(root, '.env.example'));
  const { status, stderr } = generate('--check');
  expect(status).toBe(1);
  expect(stderr).toContain('docs/FAILURES.md is stale');
  expect(stderr).toContain('.env.example is stale');
  expect(stderr).not.toContain('docs/openapi.json');
});
