// Ends a caller's waiting when the time of its request is over.
import { untilAborted } from '#resilience';
import type { Exchange } from '../exchange.js';

/** What the work gives, or a failure `request.late`. The work itself hears of it through `exchange.signal`. */
export async function inTime<T>(exchange: Exchange, work: () => Promise<T>): Promise<T> {
  try {
    return await untilAborted(exchange.signal, work());
  } finally {
    exchange.close();
  }
}
