// Brings together what is asked at the same time: for one tenant and purpose, the texts of all callers go in the same calls.
import { type EmbeddingPurpose, failure, SERVICE_ACCOUNT } from '#ports';
import type { BatchLimits } from './batch-limits.js';
import type { GuardedModel } from './guarded-model.js';
import { Lane, type Taken } from './lane.js';

export interface GatheringOptions {
  limits: BatchLimits;
  parallel: number;
  /** Milliseconds; 0 = every caller has calls of its own. */
  gatherMs: number;
}

export interface GatheredCall {
  tenant?: string | undefined;
  purpose?: EmbeddingPurpose | undefined;
  signal?: AbortSignal | undefined;
}

/** Callers that may wait before further ones are refused: what waits for a vendor that hangs is bounded. */
const MAX_CALLERS = 4096;

export class Gathering {
  /** Never of two tenants: what one does cannot slow down, fail or be billed to another. */
  private readonly lanes = new Map<string, Lane>();
  private callers = 0;

  constructor(
    private readonly model: GuardedModel,
    /** Asked when a lane begins: a server may tell its limits late. */
    private readonly options: () => GatheringOptions,
  ) {}

  /** As Lane.embed. @throws Failure `call.crowded` where too many wait */
  async embed(texts: readonly string[], call: GatheredCall): Promise<Map<string, Taken>> {
    if (this.callers >= MAX_CALLERS) throw failure('call.crowded', { target: this.model.model.provider });
    const name = `${call.purpose}/${call.tenant ?? SERVICE_ACCOUNT}`;
    const lane = this.lanes.get(name) ?? this.lane(name, call);
    this.callers++;
    try {
      return await lane.embed(texts, call.signal);
    } finally {
      this.callers--;
      if (lane.idle && this.lanes.get(name) === lane) this.lanes.delete(name);
    }
  }

  private lane(name: string, { tenant, purpose }: GatheredCall): Lane {
    const { model } = this.model;
    const options = this.options();
    const lane = new Lane({
      ...options,
      provider: model.provider,
      yields: !model.remote,
      send: (texts, signal) => this.model.embed(texts, { tenant, purpose, signal }),
    });
    if (options.gatherMs > 0) this.lanes.set(name, lane);
    return lane;
  }
}
