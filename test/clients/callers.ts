// The two clients behind one face, so that a test says once what must hold for both.
import { execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';
import {
  ClientError,
  LateError,
  ProblemError,
  ReskClient,
  UnreachableError,
} from '../../clients/typescript/src/index.js';
import { snakeCase } from '../../scripts/clients/names.js';
import { root } from '../support/child-server.js';

export type LanguageName = 'typescript' | 'python';

export interface Settings {
  baseUrl: string;
  /** Several are given one after another, by a function. */
  token?: string | string[];
  retries?: number;
  timeoutMs?: number;
  maxPauseMs?: number;
  idempotencyKeys?: boolean;
  headers?: Record<string, string>;
}

export interface Asked {
  /** Values of the path, in its order. */
  path?: string[];
  body?: unknown;
  /** `reset` breaks as connections do, `endless` gives a value every 50 ms. */
  lines?: { kind: 'list' | 'function' | 'once' | 'broken' | 'reset' | 'endless'; values: unknown[] };
  parameters?: Record<string, unknown>;
  idempotencyKey?: string;
  correlationId?: string;
  retries?: number;
  timeoutMs?: number;
  headers?: Record<string, string>;
}

/** A failure as both languages tell it. */
export interface Told {
  type: string;
  message: string;
  operation?: string;
  status?: number;
  code?: string;
  errors?: Array<{ path: string }>;
  correlationId?: string;
  retryAfterMs?: number;
  body?: unknown;
}

export interface Outcome {
  // biome-ignore lint/suspicious/noExplicitAny: a test knows what it asked for.
  value?: any;
  failure?: Told;
  /** Replies of the call, refusals included, in order. */
  heads: Array<{ operation: string; status: number; headers: Record<string, string> }>;
  /** What the token function was told, in all calls so far. */
  refusals: boolean[];
}

export interface Caller {
  /** Calls the method of this name, as TypeScript writes it. */
  call(method: string, asked?: Asked): Promise<Outcome>;
}

export async function callerIn(language: LanguageName, settings: Settings): Promise<Caller> {
  return language === 'typescript' ? new TypeScriptCaller(settings) : PythonCaller.start(settings);
}

/** The value of a call that must succeed. */
// biome-ignore lint/suspicious/noExplicitAny: a test knows what it asked for.
export async function value(caller: Caller, method: string, asked: Asked = {}): Promise<any> {
  const outcome = await caller.call(method, asked);
  if (outcome.failure) throw new Error(`${method}: ${outcome.failure.message}`);
  return outcome.value;
}

class TypeScriptCaller implements Caller {
  private readonly client: ReskClient;
  private heads: Outcome['heads'] = [];
  private readonly refusals: boolean[] = [];

  constructor({ token, ...settings }: Settings) {
    this.client = new ReskClient({
      ...settings,
      ...(token !== undefined && { token: typeof token === 'string' ? token : this.oneByOne(token) }),
      onReply: ({ operation, status, headers }) =>
        void this.heads.push({ operation, status, headers: Object.fromEntries(headers) }),
    });
  }

  async call(method: string, { path = [], body, lines, parameters, ...options }: Asked = {}): Promise<Outcome> {
    this.heads = [];
    const run = (this.client as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>)[method]!;
    const sent = lines ? [sourceOf(lines)] : body !== undefined ? [body] : [];
    // What is left out at the end, and what takes no parameters, has fewer places.
    const places = [...path, ...sent, ...(takesParameters(method) ? [parameters] : []), options];
    try {
      const value = await run.apply(this.client, places);
      return { value, heads: this.heads, refusals: this.refusals };
    } catch (error) {
      return { failure: told(error), heads: this.heads, refusals: this.refusals };
    }
  }

  private oneByOne(tokens: string[]) {
    return ({ refused }: { refused: boolean }) => {
      this.refusals.push(refused);
      return Promise.resolve(tokens[Math.min(this.refusals.length, tokens.length) - 1]!);
    };
  }
}

function takesParameters(method: string): boolean {
  return ReskClient.prototype[method as 'queryAsk'].toString().includes('parameters');
}

function sourceOf({ kind, values }: NonNullable<Asked['lines']>): unknown {
  async function* oneByOne() {
    yield* values;
    if (kind === 'broken') throw new Error('the source broke');
    if (kind === 'reset') throw Object.assign(new Error('the source was reset'), { code: 'ECONNRESET' });
    while (kind === 'endless') {
      await setTimeout(50);
      yield values[0];
    }
  }
  if (kind === 'list') return values;
  return kind === 'function' ? oneByOne : oneByOne();
}

function told(error: unknown): Told {
  if (!(error instanceof Error)) throw error;
  const common = { type: error.name, message: error.message };
  if (!(error instanceof ClientError)) return common;
  const { operation } = error;
  if (!(error instanceof ProblemError)) {
    const is = [UnreachableError, LateError].find((kind) => error instanceof kind);
    return { ...common, type: is?.name ?? error.name, operation };
  }
  const { status, code, errors, correlationId, retryAfterMs, body } = error;
  return {
    ...common,
    operation,
    status,
    body,
    errors: [...errors],
    ...(code !== undefined && { code }),
    ...(correlationId !== undefined && { correlationId }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  };
}

class PythonCaller implements Caller {
  private constructor(private readonly ask: (asked: object) => Promise<PythonAnswer>) {}

  static async start(settings: Settings): Promise<Caller> {
    const ask = pythonDriver();
    const { baseUrl, token, timeoutMs, maxPauseMs, idempotencyKeys, ...same } = settings;
    const { error } = await ask({
      package: 'resk_caching_client',
      settings: {
        ...same,
        base_url: baseUrl,
        ...(typeof token === 'string' ? { token } : token && { tokens: token }),
        ...(timeoutMs !== undefined && { timeout: timeoutMs / 1000 }),
        ...(maxPauseMs !== undefined && { max_pause: maxPauseMs / 1000 }),
        ...(idempotencyKeys !== undefined && { idempotency_keys: idempotencyKeys }),
      },
    });
    if (error) throw new TypeError(error.message);
    return new PythonCaller(ask);
  }

  async call(method: string, asked: Asked = {}): Promise<Outcome> {
    const {
      path = [],
      body,
      lines,
      parameters = {},
      idempotencyKey,
      correlationId,
      retries,
      timeoutMs,
      headers,
    } = asked;
    const answer = await this.ask({
      method: snakeCase(method),
      args: body === undefined ? path : [...path, body],
      ...(lines && { lines: [lines.kind, lines.values] }),
      kwargs: {
        ...Object.fromEntries(Object.entries(parameters).map(([name, one]) => [name === 'from' ? 'from_' : name, one])),
        ...(idempotencyKey !== undefined && { idempotency_key: idempotencyKey }),
        ...(correlationId !== undefined && { correlation_id: correlationId }),
        ...(retries !== undefined && { retries }),
        ...(timeoutMs !== undefined && { timeout: timeoutMs / 1000 }),
        ...(headers && { extra_headers: headers }),
      },
    });
    const heads = (answer.heads ?? []).map(([operation, status, all]) => ({ operation, status, headers: all }));
    const refusals = answer.refusals ?? [];
    return answer.error
      ? { failure: fromPython(answer.error), heads, refusals }
      : { value: answer.value, heads, refusals };
  }
}

interface PythonAnswer {
  value?: unknown;
  error?: Record<string, unknown> & { type: string; message: string };
  heads?: Array<[string, number, Record<string, string>]>;
  refusals?: boolean[];
}

function fromPython({ correlation_id, retry_after, ...same }: NonNullable<PythonAnswer['error']>): Told {
  const given = Object.entries(same).filter(([, one]) => one !== null);
  return {
    ...(Object.fromEntries(given) as unknown as Told),
    ...(typeof correlation_id === 'string' && { correlationId: correlation_id }),
    ...(typeof retry_after === 'number' && { retryAfterMs: retry_after * 1000 }),
  };
}

/** A Python of the system with the client on its path. It ends with the test that started it. */
export function pythonDriver(folder = join(root, 'clients/python')): (asked: object) => Promise<PythonAnswer> {
  const env = { PATH: process.env.PATH, PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: '1' };
  const child = spawn('python3', ['-W', 'error', join(root, 'test/clients/driver.py')], { env });
  const waiting: Array<(answer: PythonAnswer) => void> = [];
  let stderr = '';
  child.stderr.on('data', (text) => (stderr += text));
  createInterface({ input: child.stdout }).on('line', (line) => waiting.shift()!(JSON.parse(line) as PythonAnswer));
  child.once('close', () => {
    for (const answer of waiting) answer({ error: { type: 'Ended', message: stderr } });
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return (asked) =>
    new Promise((resolve) => {
      waiting.push(resolve);
      child.stdin.write(`${JSON.stringify({ client: 'one', ...asked })}\n`);
    });
}

/** What a script of Python prints that has the client on its path. */
export async function python(code: string, ...args: string[]): Promise<string> {
  const env = { PATH: process.env.PATH, PYTHONPATH: join(root, 'clients/python'), PYTHONDONTWRITEBYTECODE: '1' };
  const { stdout } = await promisify(execFile)('python3', ['-W', 'error', '-c', code, ...args], { env });
  return stdout.trim();
}
