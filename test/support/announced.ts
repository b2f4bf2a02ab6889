// Announces what the query service announces of an answer out of the memory tier.
import { type Announcements, announce } from '#ports';

export function announceHit(tenant: string, avoided?: Announcements['query.answered']['avoided']): void {
  announce('query.answered', {
    tenant,
    key: 'k',
    status: 'hit',
    source: 'cache',
    tier: 'memory',
    latencies: { total: 1, cache: 1 },
    ...(avoided && { avoided }),
  });
}
