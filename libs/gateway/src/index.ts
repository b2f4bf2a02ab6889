// The doors: HTTP and sockets, and the order of what a request passes.
export { Endpoint, type EndpointDeclaration, type EndpointSpec, endpointOf } from './endpoint.js';
export { eventsSection } from './events/index.js';
export { GUARDS } from './guards.js';
export { type HttpConfig, httpSection } from './http/http.section.js';
export { type DoorConfig, HttpDoor } from './http/http-door.js';
export { type TlsConfig, tlsSection } from './http/tls.section.js';
export { API_VERSION, makeOpenApiDocument, OpenApiDocument } from './openapi-document.js';
export { Pipeline } from './pipeline.js';
export { type RateLimitConfig, rateLimitSection } from './rate-limit/index.js';
export { statusOf } from './status.js';
export { IdempotencyRecords } from './writes/idempotency-records.js';
export { type WritesConfig, writesSection } from './writes/writes.section.js';
