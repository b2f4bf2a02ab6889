// What every endpoint declares: what it takes, who may call it, and what a call costs. Without it the boot fails.
import { applyDecorators, HttpCode, SetMetadata, type Type } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiBody,
  ApiConsumes,
  ApiExtension,
  ApiExtraModels,
  ApiHeader,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiProduces,
  ApiQuery,
  ApiResponse,
  getSchemaPath,
} from '@nestjs/swagger';
import type { ZodDto } from 'nestjs-zod';
import type { z } from 'zod';
import type { Scope } from '#auth';
import type { AuditEvent, FailureCode } from '#ports';
import { NDJSON } from './http/lines.js';
import { ProblemDto } from './http/schemas/problem.schema.js';
import { noticeOf, type Retirement } from './retirement.js';
import { statusOf } from './status.js';
import { NONCE, TIMESTAMP } from './writes/freshness.js';

export const ENDPOINT = 'resk:endpoint';

/** Marks in the OpenAPI document what changes something. */
export const EFFECT = 'x-effect';

/** Names in the OpenAPI document the scope that an operation asks for. */
export const SCOPE = 'x-scope';

/** Names in the OpenAPI document the day from which a deprecated operation may be gone. */
export const SUNSET = 'x-sunset';

/** Names in the OpenAPI document what each line of a body is. */
export const LINE_SCHEMA = 'x-line-schema';

/** The parts of a request that an endpoint reads. A part that is not named here is not read. */
export interface EndpointInput {
  body?: ZodDto<z.ZodType>;
  /** In place of `body`: what each line of an NDJSON body is. It is read as it comes, for as long as it comes. */
  lines?: ZodDto<z.ZodType>;
  query?: z.ZodObject;
  params?: z.ZodObject;
}

export interface EndpointSpec {
  input: EndpointInput;
  /** The scope that the token must carry; `open` asks for no token, `token` for any valid one. */
  scope: Scope | 'open' | 'token';
  /** How many requests of the window a call counts for. */
  cost: number;
  /** Media type of the reply; JSON where it is left out. */
  produces?: string;
  /** Another media type, given to who asks for it. */
  alsoProduces?: string;
  /** Whether a call changes something: it may then be asked to prove that it is no replay, and a POST may carry an Idempotency-Key. */
  effect?: 'write';
  /** Only callers of the operator's tenant: what it does reaches beyond one tenant. */
  operator?: true;
  /** What the audit log says of a call that was done; a refused one is noted by itself. Without it a call is not noted. */
  audit?: AuditNote;
  /** Headers of every reply of an endpoint that will be taken away, as names and values in turn. */
  notice?: readonly string[];
}

/** Makes the line of the audit log from what was asked and answered: names and numbers, never a text of a user. */
export type AuditNote = (
  asked: { params: Record<string, unknown>; query: Record<string, unknown>; body: Record<string, unknown> },
  reply: Record<string, unknown>,
) => Pick<AuditEvent, 'action' | 'target' | 'facts' | 'tenant'>;

export interface EndpointDeclaration extends Omit<EndpointSpec, 'notice'> {
  summary: string;
  description?: string;
  /** What a 200 holds. */
  reply: Type<unknown> | { type: string; description: string; schema?: object };
  replyHeaders?: Record<string, string>;
  /** Failures of this endpoint's own, beside those that every endpoint can give. */
  failures?: readonly FailureCode[];
  /** Since when it is deprecated, and until when it is served: docs/API_VERSIONS.md. */
  retirement?: Retirement;
}

/** Declares a handler: its place in the pipeline, and its page in the OpenAPI document. */
export function Endpoint(declared: EndpointDeclaration): MethodDecorator {
  const { input, scope, cost, summary, description, reply, alsoProduces, effect, operator, audit, retirement } =
    declared;
  return applyDecorators(
    SetMetadata(ENDPOINT, {
      input,
      scope,
      cost,
      ...producing(reply),
      ...(alsoProduces !== undefined && { alsoProduces }),
      ...(effect && { effect }),
      ...(operator && { operator }),
      ...(audit && { audit }),
      ...(retirement && { notice: noticeOf(retirement) }),
    } satisfies EndpointSpec),
    HttpCode(200),
    ApiOperation({
      summary,
      description: description ?? summary,
      ...(scope === 'open' && { security: [] }),
      ...(retirement && { deprecated: true }),
    }),
    ApiExtension(SCOPE, scope),
    ...(retirement?.sunset === undefined ? [] : [ApiExtension(SUNSET, retirement.sunset)]),
    ApiHeader({
      name: 'x-correlation-id',
      required: false,
      description: 'Named in the reply and in the logs. Replaced by a UUID unless it is 1 to 128 of A-Z a-z 0-9 . _ -',
      schema: { type: 'string', pattern: '^[A-Za-z0-9._-]{1,128}$' },
    }),
    ...inputDocs(input),
    ...(effect ? WRITE_DOCS : []),
    ...replyDocs(declared),
    ...failureDocs(declared),
    ...(scope === 'open' ? [] : [ApiBearerAuth('bearer')]),
  );
}

/** Declares a handler of socket messages. */
export function SocketEndpoint(declared: EndpointSpec): MethodDecorator {
  return SetMetadata(ENDPOINT, declared);
}

function producing(reply: EndpointDeclaration['reply']): Pick<EndpointSpec, 'produces'> {
  return typeof reply === 'function' ? {} : { produces: reply.type };
}

function inputDocs({ body, lines, query, params }: EndpointInput): MethodDecorator[] {
  return [
    ...(lines ? linesDocs(lines as unknown as Type<unknown>) : []),
    ...(body ? [ApiBody({ type: body as unknown as Type<unknown> })] : []),
    ...described(query).map(([name, one]) => ApiQuery({ name, required: !one.isOptional(), ...documented(one) })),
    ...described(params).map(([name, one]) => ApiParam({ name, ...documented(one) })),
  ];
}

function linesDocs(line: Type<unknown>): MethodDecorator[] {
  const description = `Lines of JSON, each a ${line.name.replace(/Dto$/, '')}.`;
  return [
    ApiExtraModels(line),
    ApiConsumes(NDJSON),
    ApiBody({ description, schema: { type: 'string', [LINE_SCHEMA]: { $ref: getSchemaPath(line) } } as object }),
  ];
}

function described(object: z.ZodObject | undefined): Array<[string, z.ZodType]> {
  return object ? (Object.entries(object.shape) as Array<[string, z.ZodType]>) : [];
}

function documented(one: z.ZodType): { description: string; schema: object; example?: string } {
  const { description = '', example } = (one.meta() ?? {}) as { description?: string; example?: string };
  const {
    $schema: _,
    description: __,
    example: ___,
    ...schema
  } = one.toJSONSchema({ io: 'input' }) as Record<string, unknown>;
  return { description, schema, ...(example !== undefined && { example }) };
}

function replyDocs({ reply, alsoProduces, replyHeaders = {}, retirement }: EndpointDeclaration): MethodDecorator[] {
  const headers = Object.fromEntries(
    Object.entries({ ...EVERY_REPLY, ...(retirement && RETIRED_REPLY), ...replyHeaders }).map(([name, text]) => [
      name,
      { description: text, schema: { type: 'string' } },
    ]),
  );
  if (typeof reply === 'function' && alsoProduces !== undefined) {
    const content = {
      'application/json': { schema: { $ref: getSchemaPath(reply) } },
      [alsoProduces]: { schema: { type: 'string' } },
    };
    return [ApiExtraModels(reply), ApiOkResponse({ description: 'Done.', content, headers })];
  }
  if (typeof reply === 'function') return [ApiOkResponse({ description: 'Done.', type: reply, headers })];
  const { type, description, schema = { type: 'string' } } = reply;
  return [ApiProduces(type), ApiOkResponse({ description, content: { [type]: { schema } }, headers })];
}

const EVERY_REPLY = {
  'x-correlation-id': 'The correlation id of this request.',
  'ratelimit-limit': 'Requests in a window.',
  'ratelimit-remaining': 'Requests left in this window.',
  'ratelimit-reset': 'Seconds until the whole limit is free again, if nothing more is sent.',
};

const RETIRED_REPLY = {
  deprecation: 'Since when the operation is deprecated (RFC 9745).',
  sunset: 'From when on it may be gone (RFC 8594), where that is decided.',
  link: 'Where to read about it, and what stands in its place.',
};

/** One OpenAPI response a status, listing the codes that it may carry. */
function failureDocs({ input, scope, operator, effect, failures = [] }: EndpointDeclaration): MethodDecorator[] {
  const codes: FailureCode[] = [
    'rate.limited',
    'internal.unexpected',
    'request.headers',
    'request.headers_too_many',
    'request.host',
    'request.not_acceptable',
    ...(input.body || input.lines ? BODY_FAILURES : []),
    ...(input.body || input.lines || input.query || input.params ? (['request.invalid'] as const) : []),
    ...(scope === 'open' ? [] : AUTH_FAILURES),
    ...(operator ? (['auth.operator'] as const) : []),
    ...(effect ? WRITE_FAILURES : []),
    ...failures,
  ];
  return [...refusalsOf(codes)].map(([status, refusal]) => ApiResponse({ status, ...refusal }));
}

/** One OpenAPI response a status. */
export function refusalsOf(codes: readonly FailureCode[]) {
  const content = { 'application/problem+json': { schema: { $ref: `#/components/schemas/${ProblemDto.name}` } } };
  const byStatus = [...Map.groupBy(new Set(codes), statusOf)];
  return new Map(byStatus.map(([status, list]) => [status, { description: `One of: ${list.join(', ')}`, content }]));
}

const BODY_FAILURES: readonly FailureCode[] = [
  'request.malformed',
  'request.empty',
  'request.too_deep',
  'request.forbidden_name',
  'request.too_large',
  'request.media_type',
];
const AUTH_FAILURES: readonly FailureCode[] = [
  'auth.missing',
  'auth.malformed',
  'auth.signature',
  'auth.algorithm',
  'auth.expired',
  'auth.no_expiry',
  'auth.not_yet',
  'auth.audience',
  'auth.claims',
  'auth.lifetime',
  'auth.key_unknown',
  'auth.keys_unavailable',
  'auth.revoked',
  'auth.revocations_unavailable',
  'auth.locked_out',
  'auth.scope',
  'auth.route_audience',
  'quota.exceeded',
];

const WRITE_FAILURES: readonly FailureCode[] = [
  'replay.missing',
  'replay.stale',
  'replay.repeated',
  'records.unavailable',
];

/** The Idempotency-Key and its refusals are added where the document is made: a decorator does not know its method yet. */
const WRITE_DOCS: readonly MethodDecorator[] = [
  ApiExtension(EFFECT, 'write'),
  ApiHeader({
    name: TIMESTAMP,
    required: false,
    description: 'Where REPLAY_PROTECTION asks for it: the time of the request, in epoch seconds or ISO 8601.',
    schema: { type: 'string' },
  }),
  ApiHeader({
    name: NONCE,
    required: false,
    description: 'Where REPLAY_PROTECTION asks for it: what no other request of the caller carries.',
    schema: { type: 'string', pattern: '^[A-Za-z0-9._~+/=-]{16,128}$' },
  }),
];

/** What a handler declared. */
export function endpointOf(handler: object): EndpointSpec {
  return Reflect.getMetadata(ENDPOINT, handler) as EndpointSpec;
}
