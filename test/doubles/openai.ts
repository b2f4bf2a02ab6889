// A loopback server that speaks OpenAI's embeddings API, and fails in every way that a test asks for.
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sharedFile } from '../support/shared-folder.js';
import { OpenApiForms } from './openapi-forms.js';

const SPECIFICATION = 'specs/openai/openapi.yaml';

export interface EmbeddingsRequest {
  model: string;
  input: string | string[];
  encoding_format?: 'float' | 'base64';
  dimensions?: number;
}

export interface EmbeddingsReply {
  object: 'list';
  model: string;
  data: { object: 'embedding'; index: number; embedding: number[] }[];
  usage: { prompt_tokens: number; total_tokens: number };
}

interface Exchange {
  request: EmbeddingsRequest;
  /** What an honest server would answer, vectors as numbers. */
  honest: EmbeddingsReply;
  response: ServerResponse;
  double: OpenAiDouble;
}

/** How one request is answered. */
export type Behaviour = (exchange: Exchange) => void;

export interface OpenAiDoubleOptions {
  /** Length of vectors where the request does not ask for one. Default 8. */
  dimensions?: number;
  /** Refuses other keys with 401. Default: takes any. */
  apiKey?: string;
  /** Another door to the same service, as a cloud has it. */
  door?: Door;
}

/** Refuses what does not come in by its route and key. */
export type Door = (message: IncomingMessage) => { status: number; body: unknown } | { model?: string };

export class OpenAiDouble {
  readonly requests: { headers: IncomingHttpHeaders; body: EmbeddingsRequest; target: string }[] = [];
  /** Departures from the specification, in requests and in this double's own replies. A good test ends with none. */
  readonly complaints: string[] = [];
  /** Whether requests and replies are checked: only where the specification lies beside the repository. */
  readonly checked: boolean;
  private readonly forms: OpenApiForms | undefined;
  private readonly planned: Behaviour[] = [];
  private usual: Behaviour = honestly;
  private readonly server = createServer((request, response) => void this.answer(request, response));

  private constructor(private readonly options: OpenAiDoubleOptions) {
    const file = sharedFile(SPECIFICATION);
    this.checked = file !== undefined;
    this.forms = file === undefined ? undefined : OpenApiForms.of(file);
    if (!this.checked) console.warn(`NOT CHECKED: the OpenAI double runs without ../shared/${SPECIFICATION}.`);
  }

  static async start(options: OpenAiDoubleOptions = {}): Promise<OpenAiDouble> {
    const double = new OpenAiDouble(options);
    double.server.listen(0, '127.0.0.1');
    await new Promise((resolve) => double.server.once('listening', resolve));
    return double;
  }

  /** What a client is given as the base URL. */
  get url(): string {
    return `${this.origin}/v1`;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Plans the next answers, one behaviour a request; then it answers as usual again. */
  next(...behaviours: Behaviour[]): void {
    this.planned.push(...behaviours);
  }

  /** Answers every request so, from now on. */
  always(behaviour: Behaviour): void {
    this.usual = behaviour;
  }

  /** Forgets what it received and what it was told. */
  reset(): void {
    this.usual = honestly;
    for (const list of [this.planned, this.requests, this.complaints]) list.length = 0;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Sends a reply in the vendor's form, and checks that it is. */
  send(response: ServerResponse, status: number, schema: string, body: unknown, wire = JSON.stringify(body)): void {
    this.complaints.push(...(this.forms?.problemsOf(schema, body) ?? []));
    response.setHeader('content-type', 'application/json');
    response.writeHead(status).end(wire);
  }

  refuse(response: ServerResponse, status: number, error: Partial<Refusal>): void {
    const full = { message: 'refused', type: 'invalid_request_error', param: null, code: null, ...error };
    this.send(response, status, 'ErrorResponse', { error: full });
  }

  private async answer(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = await textOf(message);
    const { apiKey, door } = this.options;
    const entered = door?.(message) ?? {};
    if ('status' in entered) {
      response.setHeader('content-type', 'application/json');
      return void response.writeHead(entered.status).end(JSON.stringify(entered.body));
    }
    if (!door && (message.method !== 'POST' || message.url !== '/v1/embeddings'))
      return this.refuse(response, 404, { message: 'no such route' });
    if (apiKey !== undefined && message.headers.authorization !== `Bearer ${apiKey}`)
      return unauthorised(this, response);
    const body = JSON.parse(text) as EmbeddingsRequest;
    this.requests.push({ headers: message.headers, body, target: message.url ?? '' });
    const request = { ...('model' in entered && entered), ...body };
    const problems = this.forms?.problemsOf('CreateEmbeddingRequest', request) ?? [];
    this.complaints.push(...problems);
    if (problems.length > 0) return this.refuse(response, 400, { message: problems.join('; ') });
    const behaviour = this.planned.shift() ?? this.usual;
    behaviour({ request, honest: this.honestReply(request), response, double: this });
  }

  private honestReply({ model, input, dimensions }: EmbeddingsRequest): EmbeddingsReply {
    const texts = typeof input === 'string' ? [input] : input;
    const length = dimensions ?? this.options.dimensions ?? 8;
    const tokens = texts.reduce((sum, one) => sum + tokensIn(one), 0);
    const data = texts.map((one, index) => ({ object: 'embedding' as const, index, embedding: vectorOf(one, length) }));
    return { object: 'list', model, data, usage: { prompt_tokens: tokens, total_tokens: tokens } };
  }
}

interface Refusal {
  message: string;
  type: string;
  param: string | null;
  code: string | null;
}

/** The vector that the double gives a text: unit length, exact in 32 bits, and different for different texts. */
export function vectorOf(text: string, dimensions: number): number[] {
  let seed = 2166136261;
  for (const character of text) seed = Math.imul(seed ^ character.codePointAt(0)!, 16777619);
  const raw = Array.from({ length: dimensions }, () => {
    seed = Math.imul(seed ^ (seed >>> 15), 2246822519) + 1;
    return (seed >>> 8) / 2 ** 24 - 0.5;
  });
  const length = Math.hypot(...raw);
  return raw.map((one) => Math.fround(one / length));
}

/** A stand-in for a tokeniser: one token for about four characters, as the vendor's rule of thumb has it. */
export function tokensIn(text: string): number {
  return Math.ceil(text.length / 4);
}

/** The reply on the wire: as numbers, or each vector as base64 of its little-endian 32-bit floats where that was asked for. */
function wireOf({ request, honest }: Exchange, reply = honest): string {
  if (request.encoding_format !== 'base64') return JSON.stringify(reply);
  const data = reply.data.map((one) => ({
    ...one,
    embedding: Buffer.from(new Float32Array(one.embedding).buffer).toString('base64'),
  }));
  return JSON.stringify({ ...reply, data });
}

// The specification describes vectors as numbers only, so the reply is checked in that form and encoded after.
function sendReply(exchange: Exchange, reply: EmbeddingsReply): void {
  exchange.double.send(exchange.response, 200, 'CreateEmbeddingResponse', reply, wireOf(exchange, reply));
}

function unauthorised(double: OpenAiDouble, response: ServerResponse): void {
  double.refuse(response, 401, { message: 'Incorrect API key provided.', code: 'invalid_api_key' });
}

async function textOf(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

/** Answers as the vendor does when all is well. */
export const honestly: Behaviour = (exchange) => sendReply(exchange, exchange.honest);

/** Ways to go wrong, or to be right in an unusual form. */
export const behaving = {
  rateLimited:
    (retryAfter?: string): Behaviour =>
    ({ response, double }) => {
      if (retryAfter !== undefined) response.setHeader('retry-after', retryAfter);
      double.refuse(response, 429, { message: 'Rate limit reached.', type: 'requests', code: 'rate_limit_exceeded' });
    },
  outOfQuota:
    (): Behaviour =>
    ({ response, double }) =>
      double.refuse(response, 429, {
        message: 'You exceeded your current quota.',
        type: 'insufficient_quota',
        code: 'insufficient_quota',
      }),
  serverError:
    (status = 500): Behaviour =>
    ({ response, double }) =>
      double.refuse(response, status, { message: 'The server had an error.', type: 'server_error' }),
  unauthorised:
    (): Behaviour =>
    ({ response, double }) =>
      unauthorised(double, response),
  unknownModel:
    (): Behaviour =>
    ({ request, response, double }) =>
      double.refuse(response, 404, { message: `The model ${request.model} does not exist.`, code: 'model_not_found' }),
  refusing:
    (status: number, error: Partial<Refusal>): Behaviour =>
    ({ response, double }) =>
      double.refuse(response, status, error),
  /** Refuses a request that holds the text, with or without saying where it stands. */
  refusingText:
    (text: string, { named }: { named: boolean }): Behaviour =>
    (exchange) => {
      const at = [exchange.request.input].flat().indexOf(text);
      if (at < 0) return honestly(exchange);
      const message = named ? `'$.input[${at}]' is invalid.` : "This model's maximum context length is 8192 tokens.";
      exchange.double.refuse(exchange.response, 400, { message, param: named ? 'input' : null });
    },
  /** Refuses with a body in no known form, as a proxy in between does. */
  refusingOddly:
    (status: number, body: string): Behaviour =>
    ({ response }) =>
      void response.writeHead(status).end(body),
  /** Sends the reply in pieces, `everyMs` apart. */
  dripping:
    (everyMs: number, pieceBytes = 16): Behaviour =>
    (exchange) => {
      const wire = Buffer.from(wireOf(exchange));
      let sent = 0;
      const timer = setInterval(() => {
        exchange.response.write(wire.subarray(sent, sent + pieceBytes));
        sent += pieceBytes;
        if (sent >= wire.length) exchange.response.end();
        if (sent >= wire.length || exchange.response.destroyed) clearInterval(timer);
      }, everyMs);
    },
  /** Announces the whole reply, sends half, and breaks off. */
  truncated: (): Behaviour => (exchange) => {
    const wire = wireOf(exchange);
    exchange.response.writeHead(200, { 'content-length': Buffer.byteLength(wire) });
    exchange.response.write(wire.slice(0, wire.length / 2), () => exchange.response.destroy());
  },
  /** Ends the reply properly after half of it, as a broken proxy does. */
  halved: (): Behaviour => (exchange) => {
    const wire = wireOf(exchange);
    exchange.response.setHeader('content-type', 'application/json').end(wire.slice(0, wire.length / 2));
  },
  withDimensions:
    (dimensions: number): Behaviour =>
    (exchange) =>
      altered(exchange, (data) => data.map((one) => ({ ...one, embedding: vectorOf('any', dimensions) }))),
  withoutLast: (): Behaviour => (exchange) => altered(exchange, (data) => data.slice(0, -1)),
  backwards: (): Behaviour => (exchange) => altered(exchange, (data) => data.toReversed()),
  withIndex:
    (index: number): Behaviour =>
    (exchange) =>
      altered(exchange, (data) => data.map((one) => ({ ...one, index }))),
  /** Gives numbers even where base64 was asked for, as some compatible servers do. */
  asNumbers:
    (): Behaviour =>
    ({ honest, response, double }) =>
      double.send(response, 200, 'CreateEmbeddingResponse', honest),
  saying:
    (text: string): Behaviour =>
    ({ response }) =>
      void response.setHeader('content-type', 'application/json').end(text),
  hanging: (): Behaviour => () => {},
  dropping:
    (): Behaviour =>
    ({ response }) =>
      void response.destroy(),
};

function altered(exchange: Exchange, change: (data: EmbeddingsReply['data']) => EmbeddingsReply['data']): void {
  sendReply(exchange, { ...exchange.honest, data: change(exchange.honest.data) });
}
