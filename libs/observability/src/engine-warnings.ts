// Tells the log what an operator should act on, of what the engine rooms announce.
import { LRUCache } from 'lru-cache';
import { listen } from '#ports';
import type { Logger } from './logger.js';

const MOST_TOLD = 1000;

/** Listens from `onModuleInit` to `onApplicationShutdown`. */
export class EngineWarnings {
  /** Collections of which the log has been told: once is enough, every search finds the same. */
  private readonly unmatched = new LRUCache<string, true>({ max: MOST_TOLD });
  private stops: Array<() => void> = [];

  constructor(private readonly logger: Logger) {}

  onModuleInit(): void {
    this.stops = [
      listen('embedding.drift', ({ drifted, ...facts }) => {
        if (drifted) this.logger.warn(facts, 'The embedding model no longer gives the vectors that are stored.');
      }),
      listen('vector.model_unmatched', ({ tenant, collection }) => this.tellUnmatched(tenant, collection)),
    ];
  }

  /** May be called twice. */
  onApplicationShutdown(): void {
    for (const stop of this.stops.splice(0)) stop();
  }

  private tellUnmatched(tenant: string, collection: string): void {
    const place = `${tenant}/${collection}`;
    if (this.unmatched.has(place)) return;
    this.unmatched.set(place, true);
    this.logger.warn(
      { tenant, collection },
      'A collection holds nothing of the embedding model of now: nothing is found in it. Run resk reindex.',
    );
  }
}
