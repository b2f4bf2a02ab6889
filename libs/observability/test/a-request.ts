// A request in its span, as a door makes one.
import { type RequestFacts, RequestTrace } from '#observability';

const FACTS: RequestFacts = { method: 'POST', route: '/api/cache/query', headers: {} };

/** Does the work inside the span of a request, which ends with it: 200, or 500 where the work fails. */
export async function aRequest<T>(work: () => T | Promise<T>, facts: Partial<RequestFacts> = {}): Promise<T> {
  const trace = RequestTrace.begin({ ...FACTS, ...facts });
  if (!trace) return work();
  try {
    const result = await trace.run(work);
    trace.end(200);
    return result;
  } catch (error) {
    trace.failed(error);
    trace.end(500);
    throw error;
  }
}
