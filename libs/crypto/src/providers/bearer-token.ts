// Holds a token of a remote service: fetched when it is first needed, again before it ends, and again when it is refused.
import type { Secret } from '#ports';
import { SingleFlight } from '#resilience';

export interface Grant {
  token: Secret;
  /** How long it is good from now on. Milliseconds; Infinity for one that does not end. */
  goodForMs: number;
}

/** So long before its end a token is fetched anew, or at half of its life where that is later. */
const MARGIN_MS = 60_000;

/** Fetching is nobody's call in particular, so that one caller who leaves does not take the token from the others. */
const FETCH_LIMIT_MS = 10_000;

export class BearerToken {
  private held: { token: Secret; until: number } | undefined;
  private readonly flights = new SingleFlight<Secret>();

  constructor(
    private readonly fetchToken: (signal: AbortSignal) => Promise<Grant>,
    private readonly now: () => number = Date.now,
  ) {}

  /**
   * Calls with a token. One that was held and is refused may have been revoked or replaced: then a new one is fetched, and
   * the call made once more.
   */
  async use<T>(call: (token: Secret) => Promise<T>, isRefusal: (error: unknown) => boolean): Promise<T> {
    const held = this.current();
    if (!held) return call(await this.fetched());
    try {
      return await call(held);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      if (this.held?.token === held) this.held = undefined;
      return call(this.current() ?? (await this.fetched()));
    }
  }

  private current(): Secret | undefined {
    return this.held && this.now() < this.held.until ? this.held.token : undefined;
  }

  private fetched(): Promise<Secret> {
    return this.flights.run('token', async () => {
      const { token, goodForMs } = await this.fetchToken(AbortSignal.timeout(FETCH_LIMIT_MS));
      this.held = { token, until: this.now() + Math.max(goodForMs - MARGIN_MS, goodForMs / 2) };
      return token;
    });
  }
}
