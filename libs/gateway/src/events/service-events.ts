// Turns announcements of the engine into events of the service. Nothing is listened to while nobody wants to hear.
import { type Announcements, type JsonObject, listen } from '#ports';

/** Events of one tenant in a second; what comes beyond is left out. Events are a view, not a ledger: metrics count all. */
const MAX_PER_SECOND = 500;

/** Who hears the service. */
export interface Audience {
  /** Whether anybody of the tenant listens, here or on another instance. */
  listensIn(tenant: string): boolean;
  tell(tenant: string, event: JsonObject): void;
  tellAll(event: JsonObject): void;
}

export class ServiceEvents {
  private stops: Array<() => void> = [];
  private readonly told = new Map<string, number>();
  private second = 0;

  constructor(
    private readonly audience: Audience,
    private readonly now: () => number = Date.now,
  ) {}

  /** Listens to the engine while `wanted`; may be called again and again. */
  listenWhile(wanted: boolean): void {
    if (wanted && this.stops.length === 0) this.stops = this.begin();
    if (wanted) return;
    for (const stop of this.stops) stop();
    this.stops = [];
  }

  private begin(): Array<() => void> {
    return [
      listen('query.answered', (one) => this.tell(one.tenant, () => answered(one))),
      listen('cache.write', ({ tenant, key, origin, bytes }) =>
        this.tell(tenant, () => ({ type: 'cache.write', key, origin, bytes })),
      ),
      listen('cache.purge', ({ tenant, scope, purged }) =>
        this.tell(tenant, () => ({ type: 'cache.purge', scope, purged })),
      ),
      listen('quota.exceeded', ({ tenant, quota, limit }) =>
        this.tell(tenant, () => ({ type: 'quota.exceeded', quota, limit })),
      ),
      ...(['provider.degraded', 'provider.recovered'] as const).map((type) =>
        listen(type, ({ family, provider }) => this.audience.tellAll({ type, family, provider })),
      ),
    ];
  }

  private tell(tenant: string, event: () => JsonObject): void {
    if (this.audience.listensIn(tenant) && this.hasRoom(tenant)) this.audience.tell(tenant, event());
  }

  private hasRoom(tenant: string): boolean {
    const second = Math.floor(this.now() / 1000);
    if (second !== this.second) this.told.clear();
    this.second = second;
    const told = (this.told.get(tenant) ?? 0) + 1;
    this.told.set(tenant, told);
    return told <= MAX_PER_SECOND;
  }
}

function answered({ key, status, source, tier, latencies }: Announcements['query.answered']): JsonObject {
  const type = status === 'miss' ? 'cache.miss' : 'cache.hit';
  return { type, key, status, source, tier, latencies: { ...latencies } };
}
