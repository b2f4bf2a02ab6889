// One thing that an operator may set: its variable, how its text is read, its default and its documentation.
import { Secret } from '#ports';

/** What a setting says of itself to documents and schemas. */
export interface SettingInfo {
  /** Name of the environment variable. */
  env: string;
  /** One or two sentences for the operator: what it does, its unit, when to change it. */
  doc: string;
  /** The default as the operator would write it; absent = unset. */
  default?: string | undefined;
  /** Another default outside production, as the operator would write it. */
  developmentDefault?: string | undefined;
  /** An example where the default does not show the form. */
  example?: string | undefined;
  secret: boolean;
  /** The form in words, e.g. `duration`, `one of memory, sqlite, redis`. */
  form: string;
  /** JSON Schema of the value in Helm values. */
  jsonSchema: Record<string, unknown>;
}

/** A setting with its reader. `read` throws an `Error` whose message completes "NAME …", e.g. "must be a whole number". */
export interface Setting<T> extends SettingInfo {
  read(text: string): T;
  /** Set where absence is a value of its own. */
  optional: boolean;
}

interface Declared {
  doc: string;
  example?: string;
  developmentDefault?: string;
}

type Form<T> = { read(text: string): T; form: string; jsonSchema: Record<string, unknown>; secret?: boolean };

class Unset {
  constructor(
    private readonly env: string,
    private readonly declared: Declared,
  ) {}

  private make<T>(form: Form<T>, fallback: string | undefined): Setting<T> {
    return {
      secret: false,
      ...form,
      env: this.env,
      ...this.declared,
      default: fallback,
      optional: fallback === undefined,
    };
  }

  private both<T>(form: Form<T>) {
    return {
      default: (text: string): Setting<T> => this.make(form, text),
      optional: (): Setting<T | undefined> => this.make(form, undefined),
    };
  }

  text(rule?: { pattern: RegExp; says: string }) {
    return this.both<string>({
      form: rule?.says ?? 'text',
      jsonSchema: rule ? { type: 'string', pattern: rule.pattern.source } : { type: 'string' },
      read: (text) => {
        if (rule && !rule.pattern.test(text)) throw new Error(`must be ${rule.says}`);
        return text;
      },
    });
  }

  oneOf<const Names extends readonly string[]>(names: Names) {
    return this.both<Names[number]>({
      form: `one of ${names.join(', ')}`,
      jsonSchema: { enum: [...names] },
      read: (text) => {
        const wanted = text.trim();
        if (!names.includes(wanted)) throw new Error(`must be one of ${names.join(', ')}`);
        return wanted;
      },
    });
  }

  integer({ min = 0, max = Number.MAX_SAFE_INTEGER } = {}) {
    return this.both<number>({
      form: `whole number${range(min, max)}`,
      jsonSchema: { type: 'integer', minimum: min, ...(max < Number.MAX_SAFE_INTEGER && { maximum: max }) },
      read: (text) => within(text, /^-?\d{1,16}$/, 'a whole number', min, max),
    });
  }

  decimal({ min = 0, max = Number.MAX_VALUE } = {}) {
    return this.both<number>({
      form: `number${range(min, max)}`,
      jsonSchema: { type: 'number', minimum: min, ...(max < Number.MAX_VALUE && { maximum: max }) },
      read: (text) => within(text, /^-?\d{1,16}(\.\d{1,16})?$/, 'a number', min, max),
    });
  }

  flag() {
    return this.both<boolean>({
      form: 'true or false',
      jsonSchema: { type: 'boolean' },
      read: (text) => {
        const wanted = text.trim().toLowerCase();
        if (wanted !== 'true' && wanted !== 'false') throw new Error('must be true or false');
        return wanted === 'true';
      },
    });
  }

  /** Written `250ms`, `30s`, `5m`, `12h`, `7d`; read as milliseconds. A bare number is refused: its unit would be a guess. */
  duration({ min = 0, max = 365 * 86_400_000 } = {}) {
    return this.both<number>({
      form: 'duration (250ms, 30s, 5m, 12h, 7d)',
      jsonSchema: { type: 'string', pattern: '^\\d+(\\.\\d+)?(ms|s|m|h|d)$' },
      read: (text) => {
        const ms = measured(
          text,
          /^(\d{1,12}(?:\.\d{1,6})?)(ms|s|m|h|d)$/,
          MILLISECONDS,
          'a duration with its unit, e.g. 250ms, 30s, 5m, 12h, 7d',
        );
        if (ms < min || ms > max) throw new Error(`must be between ${min} ms and ${max} ms; it is ${ms} ms`);
        return ms;
      },
    });
  }

  /** Written `64MiB`, `1GiB`, `4096B`; read as bytes. */
  byteSize({ min = 0, max = Number.MAX_SAFE_INTEGER } = {}) {
    return this.both<number>({
      form: 'size (512KiB, 64MiB, 1GiB)',
      jsonSchema: { type: 'string', pattern: '^\\d+(\\.\\d+)?(B|KiB|MiB|GiB)$' },
      read: (text) => {
        const bytes = measured(
          text,
          /^(\d{1,12}(?:\.\d{1,6})?)(B|KiB|MiB|GiB)$/,
          BYTES,
          'a size with its unit, e.g. 512KiB, 64MiB, 1GiB',
        );
        if (bytes < min || bytes > max) throw new Error(`must be between ${min} B and ${max} B; it is ${bytes} B`);
        return bytes;
      },
    });
  }

  /** Comma-separated; blanks around items do not count. */
  list() {
    return this.both<readonly string[]>({
      form: 'comma-separated list',
      jsonSchema: { type: 'string' },
      read: (text) =>
        text
          .split(',')
          .map((item) => item.trim())
          .filter((item) => item !== ''),
    });
  }

  /** Comma-separated secrets. Like one secret, the list may come from the file named by NAME_FILE. */
  secrets() {
    return this.both<readonly Secret[]>({
      form: 'comma-separated list of secrets',
      secret: true,
      jsonSchema: { type: 'string' },
      read: (text) =>
        text
          .split(',')
          .map((item) => item.trim())
          .filter((item) => item !== '')
          .map((item) => new Secret(item)),
    });
  }

  url(protocols: readonly string[]) {
    const says = `a URL that begins with ${protocols.map((p) => `${p}//`).join(' or ')}`;
    return this.both<string>({
      form: 'URL',
      jsonSchema: { type: 'string', pattern: `^(${protocols.join('|')})//` },
      read: (text) => {
        const parsed = URL.canParse(text) ? new URL(text) : undefined;
        if (!parsed || !protocols.includes(parsed.protocol)) throw new Error(`must be ${says}`);
        return text;
      },
    });
  }

  /** A JSON object, for the options of a provider that is not ours. */
  json() {
    return this.both<Record<string, unknown>>({
      form: 'JSON object',
      jsonSchema: { type: 'string' },
      read: (text) => {
        const parsed = parseJson(text, 'object');
        if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
          throw new Error('must be a JSON object');
        return parsed as Record<string, unknown>;
      },
    });
  }

  /** A JSON array, for lists of things with parts. What stands in it is checked by the section's rule. */
  jsonList() {
    return this.both<readonly unknown[]>({
      form: 'JSON array',
      jsonSchema: { type: 'string' },
      read: (text) => {
        const parsed = parseJson(text, 'array');
        if (!Array.isArray(parsed)) throw new Error('must be a JSON array');
        return parsed as unknown[];
      },
    });
  }

  /** A secret: may also come from the file named by NAME_FILE, and never shows. */
  secret({ minLength = 1 } = {}) {
    return this.both<Secret>({
      form: 'secret',
      secret: true,
      jsonSchema: { type: 'string' },
      read: (text) => {
        if (text.length < minLength)
          throw new Error(`must have at least ${minLength} characters; it has ${text.length}`);
        return new Secret(text);
      },
    });
  }
}

/** Begins the declaration of a setting: `setting('PORT', { doc: '…' }).integer({ max: 65535 }).default('3000')`. */
export function setting(env: string, declared: Declared): Unset {
  return new Unset(env, declared);
}

const MILLISECONDS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const BYTES: Record<string, number> = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 };

function measured(text: string, pattern: RegExp, units: Record<string, number>, says: string): number {
  const match = pattern.exec(text.trim());
  if (!match) throw new Error(`must be ${says}`);
  return Math.round(Number(match[1]) * units[match[2] as string]!);
}

function within(text: string, pattern: RegExp, says: string, min: number, max: number): number {
  const trimmed = text.trim();
  const value = Number(trimmed);
  if (!pattern.test(trimmed) || value < min || value > max) throw new Error(`must be ${says}${range(min, max)}`);
  return value;
}

function range(min: number, max: number): string {
  return max >= Number.MAX_SAFE_INTEGER ? ` of at least ${min}` : ` from ${min} to ${max}`;
}

function parseJson(text: string, form: 'object' | 'array'): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`must be a JSON ${form}`);
  }
}
