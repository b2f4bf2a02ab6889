// Makes spans around what engine rooms let be followed, so that rooms below need not know of tracing.
import {
  type Attributes,
  type Context,
  context,
  createContextKey,
  ROOT_CONTEXT,
  type Span,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { type Announcements, listen, setFollower, type Work } from '#ports';
import { isOurFault, isProvidersFault } from './faults.js';
import { inSpan, type SpanEnd } from './spans.js';
import { type Beginning, beginningOf } from './work-spans.js';

/** The work of a span, and how it ended as far as that was announced. */
interface Followed {
  readonly work: Work;
  readonly opened: Span;
  outcome?: string;
}

type LookedUp = Announcements['cache.lookup'];

const FOLLOWED = createContextKey('followed work');

/** Spans around cache look-ups, calls to stores and providers, steps and parts, from now until the returned function is called. */
export function followWork(tracer: Tracer, now: () => number = Date.now): () => void {
  setFollower((work, run) => {
    if (work.kind === 'background') return runApart(tracer, work, run);
    // Work outside of any request (probes, sweeps) makes no traces of its own.
    return trace.getActiveSpan()?.isRecording() ? runWithin(tracer, work, context.active(), run) : run();
  });
  const stops = [() => setFollower(undefined), ...endings((told) => noteLookup(tracer, told, now()))];
  return () => {
    for (const stop of stops) stop();
  };
}

function runWithin<T>(tracer: Tracer, work: Work, outer: Context, run: () => T): T {
  return runIn(tracer.startSpan(...opening(beginningOf(work)), outer), work, outer, run);
}

/** A trace of its own, which names the one that gave rise to it: that has ended long before, and may not be recorded. */
function runApart<T>(tracer: Tracer, work: Work, run: () => T): T {
  const cause = trace.getSpanContext(context.active());
  const [name, options] = opening(beginningOf(work));
  const links = cause ? [{ context: cause }] : [];
  return runIn(tracer.startSpan(name, { ...options, links }, ROOT_CONTEXT), work, ROOT_CONTEXT, run);
}

function opening({ name, kind, attributes }: Beginning) {
  return [name, { kind, attributes }] as const;
}

function runIn<T>(opened: Span, work: Work, outer: Context, run: () => T): T {
  const state: Followed = { work, opened };
  const end: SpanEnd = {
    errorType: () => state.outcome,
    isFault: (error) => (state.outcome === undefined ? isOurFault(error) : isProvidersFault(state.outcome)),
  };
  return inSpan(opened, outer.setValue(FOLLOWED, state), run, end);
}

/** How work ended is announced inside its span. */
function endings(note: (told: LookedUp) => void): Array<() => void> {
  return [
    listen('cache.lookup', (told) => void (ending('lookup', lookupFacts(told)) || note(told))),
    listen('provider.call', ({ outcome, tokens }) => {
      const facts = tokens === undefined ? {} : { 'gen_ai.usage.input_tokens': tokens };
      ending('call', facts, outcome === 'ok' ? undefined : outcome);
    }),
    listen('retrieval.step', ({ candidates }) => ending('retrieval', { 'resk.retrieval.candidates': candidates })),
    listen('query.answered', ({ status, source }) =>
      trace.getActiveSpan()?.setAttributes({ 'resk.answer.status': status, 'resk.answer.source': source }),
    ),
  ];
}

/** Whether there was such work under way. */
function ending(kind: Work['kind'], facts: Attributes, outcome?: string): boolean {
  const state = context.active().getValue(FOLLOWED) as Followed | undefined;
  if (state?.work.kind !== kind) return false;
  state.opened.setAttributes(facts);
  if (outcome !== undefined) state.outcome = outcome;
  return true;
}

/** A look-up in memory alone is not followed: its span is made when it is over, as long as it took. */
function noteLookup(tracer: Tracer, told: LookedUp, endTime: number): void {
  if (!trace.getActiveSpan()?.isRecording()) return;
  const { name, kind } = beginningOf({ kind: 'lookup' });
  const startTime = endTime - told.durationMs;
  tracer.startSpan(name, { kind, attributes: lookupFacts(told), startTime }).end(endTime);
}

function lookupFacts({ outcome, tier }: LookedUp): Attributes {
  return { 'resk.cache.outcome': outcome, 'resk.cache.tier': tier ?? 'none' };
}
