// Every fenced block says what becomes of it, and is what it says: commands that parse, settings that are taken, bodies that fit the API.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { Ajv2020 } from 'ajv/dist/2020.js';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { cliSection } from '../../../apps/cli/src/cli.section.js';
import { sections } from '../../../apps/server/src/sections.js';
import { documentsOf, ROOT } from './documents.js';
import { type Fate, type Fence, fateOf, fencesOf } from './fences.js';

interface Reads {
  env: string;
  read(text: string): unknown;
}

const settings = new Map(
  [...sections, cliSection].flatMap((part) => Object.values(part.settings) as Reads[]).map((one) => [one.env, one]),
);

const api = JSON.parse(readFileSync(join(ROOT, 'docs/openapi.json'), 'utf8')) as { paths: object };
const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
ajv.addSchema(api, 'openapi');

/** What is wrong with a block; empty where nothing is. */
function wrongWith(fence: Fence): string {
  try {
    const fate = fateOf(fence);
    if (fate.kind === 'body') return body(fence.text, fate);
    if (fate.kind === 'env' || fence.language === 'env') return values(fence.text);
    if (fate.kind === 'reply') return fate.form === 'json' ? json(fence.text) : '';
    return written(fence);
  } catch (error) {
    return (error as Error).message;
  }
}

function written({ language, text, line }: Fence): string {
  if (language === 'sh') return spawnSync('bash', ['-n'], { input: text, encoding: 'utf8' }).stderr;
  if (language === 'json') return json(text);
  if (language === 'yaml')
    return parseAllDocuments(text)
      .flatMap(({ errors }) => errors.map(String))
      .join('\n');
  if (['ts', 'js', 'mjs', 'javascript', 'typescript'].includes(language)) return program(text);
  return line > 0 ? '' : 'a block has a line';
}

/** One value, or one a line. */
function json(text: string): string {
  const parses = (one: string) => {
    try {
      JSON.parse(one);
      return true;
    } catch {
      return false;
    }
  };
  return parses(text) || text.split('\n').every((line) => line.trim() === '' || parses(line)) ? '' : 'is no JSON';
}

function program(text: string): string {
  const { diagnostics = [] } = ts.transpileModule(text, {
    reportDiagnostics: true,
    compilerOptions: { target: ts.ScriptTarget.ES2024 },
  });
  return diagnostics.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n')).join('\n');
}

/** Lines of a `.env`: one setting each, or several lines between quotes. A value with `…` stands for one that is not shown. */
function values(text: string): string {
  const starts = text.split(/\n(?=[A-Z][A-Z0-9_]*=)/);
  const pairs = starts.flatMap((one) => Object.entries(parseEnv(one)) as [string, string][]);
  const wrong = pairs.flatMap(([name, value]) => {
    const setting = settings.get(name) ?? settings.get(name.replace(/_FILE$/, ''));
    if (!setting) return [`${name} is no variable of the server`];
    if (!settings.has(name) || value.includes('…')) return [];
    try {
      setting.read(value);
      return [];
    } catch (error) {
      return [`${name}: ${(error as Error).message}`];
    }
  });
  return pairs.length === 0 ? 'sets nothing' : wrong.join('\n');
}

/** The schema of an operation's body, as a place in the document. */
function body(text: string, { of, method, path, status }: Extract<Fate, { kind: 'body' }>): string {
  const place = ['paths', path, method.toLowerCase(), ...(of === 'request' ? ['requestBody'] : ['responses', status])];
  const found = place.reduce<Record<string, never> | undefined>((at, key) => at?.[key], api as never) as
    | { content?: Record<string, unknown> }
    | undefined;
  const [type] = Object.keys(found?.content ?? {}).filter((one) => one.includes('json'));
  if (!type) return `${method} ${path} has no such ${of} in docs/openapi.json`;
  const pointer = [...place, 'content', type, 'schema'].map((key) =>
    encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1')),
  );
  const validate = ajv.compile({ $ref: `openapi#/${pointer.join('/')}` });
  if (json(text)) return json(text);
  return validate(JSON.parse(text)) ? '' : ajv.errorsText(validate.errors);
}

const MARK = '```';

describe('the blocks of the documents', () => {
  const documents = documentsOf(ROOT).filter(({ fences }) => fences.length > 0);

  it('are found', () => {
    expect(documents.flatMap(({ fences }) => fences).length).toBeGreaterThan(40);
  });

  it.each(documents)('are what they say: $path', ({ fences }) => {
    expect(fences.map((fence) => [fence.line, wrongWith(fence)]).filter(([, why]) => why)).toEqual([]);
  });
});

describe('a block', () => {
  const only = (info: string, text = '') => wrongWith(fencesOf(`${MARK}${info}\n${text}\n${MARK}`)[0]!);

  it.each([
    ['bash', 'true', /no fence of ours/],
    ['sh sometimes', 'true', /needs one of cluster/],
    ['sh server fails', 'true', /more than one word/],
    ['sh docker', 'if true', /syntax error/],
    ['json', '{a:1}', /is no JSON/],
    ['json reply now', '{}', /words that say nothing/],
    ['yaml', 'a: [', /Flow sequence/],
    ['ts', 'const = 1', /expected/],
    ['env', 'CACHE_BAKEND=redis', /CACHE_BAKEND is no variable/],
    ['env', 'CACHE_BACKEND=floppy', /CACHE_BACKEND: /],
    ['env file .env', 'CACHE_BACKEND=floppy', /CACHE_BACKEND: /],
    ['env sometimes', 'CACHE_BACKEND=sqlite', /words that say nothing/],
    ['env', '# nothing', /sets nothing/],
    ['json request POST /api/cache', '{"query":1}', /must be string/],
    ['json request POST /api/caches', '{}', /no such request/],
    ['json response POST /api/cache/query 200', '{"hit":"yes"}', /must be boolean/],
  ])('`%s` that holds %s is caught', (info, text, why) => {
    expect(only(info, text)).toMatch(why);
  });

  it.each([
    ['sh', 'true'],
    ['text', 'anything ('],
    ['json', '{"a":1}\n{"b":2}'],
    ['yaml', 'a: 1\n---\nb: 2'],
    ['ts', 'export const a: number = 1;'],
    ['env', 'CACHE_BACKEND=redis   # shared\nREDIS_URL=redis://…\nJWT_SECRET_FILE=/run/secrets/jwt'],
    ['json request POST /api/cache', '{"query":"Hello","response":{"answer":"Hi"},"ttl":60}'],
    ['yaml file values.yaml', 'a: 1'],
  ])('`%s` that holds %s is let pass', (info, text) => {
    expect(only(info, text)).toBe('');
  });

  it('may stand in a list, and hold shorter fences', () => {
    const text = '1. so:\n   ````text\n   ```\n   a\n     b\n   ````\n\n~~~sh\ntrue\n~~~\n';
    expect(fencesOf(text).map(({ line, language, text: inner }) => [line, language, inner])).toEqual([
      [2, 'text', '```\na\n  b'],
      [8, 'sh', 'true'],
    ]);
    expect(() => fencesOf('```sh\ntrue')).toThrow('line 1: a fence is opened and not closed');
  });
});
