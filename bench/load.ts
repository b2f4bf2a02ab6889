// Sends one load from this process to a server in another, and says what came back.
import autocannon from 'autocannon';

export interface Load {
  url: string;
  body: string;
  headers: Record<string, string>;
  /** How long to send; or, instead, how many requests. */
  seconds?: number;
  amount?: number;
}

export interface LoadFigures {
  requests: number;
  requestsPerSecond: number;
  /** Replies that were not 2xx, and requests without a reply: must be 0 for the figures to count. */
  failed: number;
  p50Ms: number;
  p99Ms: number;
}

/** 64 connections without pipelining: enough to keep one process busy. */
export async function load({ url, body, headers, seconds, amount }: Load): Promise<LoadFigures> {
  const result = await autocannon({
    url,
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', ...headers },
    connections: 64,
    ...(amount === undefined ? { duration: seconds ?? 3 } : { amount }),
  });
  return {
    requests: result.requests.total,
    requestsPerSecond: result.requests.average,
    failed: result.non2xx + result.errors + result.timeouts,
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
  };
}
