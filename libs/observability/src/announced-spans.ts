// Makes spans of what engine rooms announce when it is over, so that rooms below need not know of tracing.
import { type Attributes, SpanKind, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api';
import { type Announcements, listen } from '#ports';

type ProviderCall = Announcements['provider.call'];

/** What runs inside this process: its spans are internal, not calls of a client. */
const IN_PROCESS = new Set(['local', 'embedded', 'memory', 'sqlite']);

interface Past {
  name: string;
  durationMs: number;
  /** Who did the work: a tier or a provider. */
  by: string;
  attributes: Attributes;
  errorType?: string | undefined;
}

/** Spans for cache look-ups, calls to stores and calls to providers, from now until the returned function is called. */
export function makeAnnouncedSpans(tracer: Tracer, now: () => number = Date.now): () => void {
  const record = (past: Past) => recordPast(tracer, past, now());
  const stops = [
    listen('cache.lookup', (told) => record(lookup(told))),
    listen('cache.store_call', (told) => record(storeCall(told))),
    listen('provider.call', (told) => record(told.family === 'embedding-model' ? embedding(told) : providerCall(told))),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

// Announcements are made in the context of the work, so the active span is the parent. Work outside of any request
// (probes, sweeps) makes no traces of its own.
function recordPast(tracer: Tracer, { name, durationMs, by, attributes, errorType }: Past, endTime: number): void {
  if (!trace.getActiveSpan()?.isRecording()) return;
  const kind = IN_PROCESS.has(by) ? SpanKind.INTERNAL : SpanKind.CLIENT;
  const opened = tracer.startSpan(name, { kind, attributes, startTime: endTime - durationMs });
  if (errorType !== undefined) {
    opened.setAttribute('error.type', errorType);
    opened.setStatus({ code: SpanStatusCode.ERROR });
  }
  opened.end(endTime);
}

function lookup({ outcome, tier, durationMs }: Announcements['cache.lookup']): Past {
  const attributes = { 'resk.cache.outcome': outcome, 'resk.cache.tier': tier ?? 'none' };
  return { name: 'cache lookup', durationMs, by: 'memory', attributes };
}

function storeCall({ tier, operation, durationMs }: Announcements['cache.store_call']): Past {
  const attributes = { 'db.system.name': tier, 'db.operation.name': operation, 'resk.cache.tier': tier };
  return { name: `${operation} ${tier}`, durationMs, by: tier, attributes };
}

function embedding({ provider, items, tokens, outcome, durationMs }: ProviderCall): Past {
  const attributes = {
    'gen_ai.operation.name': 'embeddings',
    'gen_ai.provider.name': provider,
    'gen_ai.usage.input_tokens': tokens,
    'resk.embedding.texts': items,
  };
  return { name: `embeddings ${provider}`, durationMs, by: provider, attributes, errorType: errorTypeOf(outcome) };
}

function providerCall({ family, provider, operation, items, outcome, durationMs }: ProviderCall): Past {
  const attributes =
    family === 'key-service'
      ? { 'resk.provider': provider, 'resk.operation': operation }
      : { 'db.system.name': provider, 'db.operation.name': operation, 'db.operation.batch.size': items };
  return { name: `${operation} ${provider}`, durationMs, by: provider, attributes, errorType: errorTypeOf(outcome) };
}

function errorTypeOf(outcome: string): string | undefined {
  return outcome === 'ok' ? undefined : outcome;
}
