// Sends the trace along with outgoing HTTP calls, so that a vendor's or a store's own spans join it.
import { channel } from 'node:diagnostics_channel';
import { context, propagation } from '@opentelemetry/api';

/** What undici publishes before it sends a request: https://undici.nodejs.org/#/docs/api/DiagnosticsChannel */
interface RequestCreated {
  request: { addHeader(name: string, value: string): void };
}

/** Adds `traceparent` to every request of undici (and of `fetch`) that is made inside a span. Returns how to stop. */
export function sendTraceAlong(): () => void {
  const created = channel('undici:request:create');
  const add = (message: unknown) => {
    const { request } = message as RequestCreated;
    propagation.inject(context.active(), request, { set: (to, name, value) => to.addHeader(name, String(value)) });
  };
  created.subscribe(add);
  return () => void created.unsubscribe(add);
}
