// The OpenAPI 3.1 document, made from the Zod schemas that check the requests.
import { type INestApplication, Injectable } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { cleanupOpenApiDoc } from 'nestjs-zod';
import type { FailureCode } from '#ports';
import { EFFECT, refusalsOf } from './endpoint.js';
import { NDJSON } from './http/lines.js';
import { ProblemDto } from './http/schemas/problem.schema.js';

/** The version of the HTTP contract. */
export const API_VERSION = '0.1.0';

/** Holds the document once it is made, for `GET /api/openapi.json`. */
@Injectable()
export class OpenApiDocument {
  value: OpenAPIObject = { openapi: '3.1.0', info: { title: '', version: API_VERSION }, paths: {} };
}

/** Makes the document of an application that is initialised, or about to be. */
export function makeOpenApiDocument(app: INestApplication): OpenAPIObject {
  const about = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Resk-Caching')
    .setDescription(
      'A self-hosted cache for LLM answers, in front of your vector database. Times are ISO 8601 UTC, durations whole seconds, latencies milliseconds.',
    )
    .setVersion(API_VERSION)
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addServer('/')
    .addTag('cache', 'Questions, answers and entries.')
    .addTag('vectors', 'Documents, their vectors and embeddings.')
    .addTag('operation', 'Health, metrics and this document.')
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT' }, 'bearer')
    .build();
  const document = SwaggerModule.createDocument(app, about, {
    extraModels: [ProblemDto],
    operationIdFactory: (controller, method) => `${controller.replace(/Controller$/, '').toLowerCase()}_${method}`,
  });
  for (const { post } of Object.values(document.paths)) {
    // What is read line by line cannot be kept for a second time.
    if (post && EFFECT in post && !takesLines(post)) takeIdempotencyKey(post);
  }
  return cleanupOpenApiDoc(document);
}

type Operation = OpenAPIObject['paths'][string]['post'] & object;

function takeIdempotencyKey(operation: Operation): void {
  operation.parameters = [...(operation.parameters ?? []), IDEMPOTENCY_KEY];
  for (const [status, refusal] of refusalsOf(IDEMPOTENCY_FAILURES)) {
    const others = operation.responses[status] as { description: string } | undefined;
    const description = others ? `${others.description}, ${refusal.description.slice('One of: '.length)}` : undefined;
    operation.responses[status] = { ...refusal, ...(description && { description }) };
  }
}

function takesLines({ requestBody }: Operation): boolean {
  return requestBody !== undefined && 'content' in requestBody && NDJSON in requestBody.content;
}

const IDEMPOTENCY_FAILURES: readonly FailureCode[] = [
  'idempotency.key_invalid',
  'idempotency.conflict',
  'idempotency.in_flight',
  'idempotency.full',
];

const IDEMPOTENCY_KEY = {
  name: 'idempotency-key',
  in: 'header' as const,
  required: false,
  description:
    'Sent again with the same key, the same request has its effect once and gets its first reply, marked `idempotency-replayed: true`; another request gets 409. Kept for IDEMPOTENCY_TTL.',
  schema: { type: 'string', pattern: '^[!-~]{1,255}$' },
};
