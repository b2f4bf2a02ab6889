// Asks the cache from a page: a token from the page's own backend, renewed before it ends; waits where the cache says so.

const RENEW_BEFORE_MS = 30_000;
const TRIES = 3;
const WITHIN_MS = 10_000;
const paused = (ms) => new Promise((wake) => setTimeout(wake, ms));

export class CacheClient {
  #token;
  #renewAt = 0;

  /**
   * `cacheUrl`: where the cache is. `tokenUrl`: where this page's backend hands out tokens to who is signed in. `withinMs`:
   * all that one question may take, with its tries and the pauses between them.
   */
  constructor({ cacheUrl, tokenUrl, withinMs = WITHIN_MS, now = Date.now, pause = paused }) {
    Object.assign(this, { cacheUrl, tokenUrl, withinMs, now, pause });
  }

  /** The answer with its provenance. Rejects with a `CacheProblem`, or as `fetch` does. */
  async ask(query, options = {}) {
    const endsAt = this.now() + this.withinMs;
    const signal = AbortSignal.timeout(this.withinMs);
    for (let tries = 1; ; tries++) {
      const reply = await fetch(`${this.cacheUrl}/api/cache/query`, {
        method: 'POST',
        headers: { authorization: `Bearer ${await this.#freshToken(signal)}`, 'content-type': 'application/json' },
        body: JSON.stringify({ query, ...options }),
        signal,
      });
      if (reply.ok) return reply.json();
      const problem = new CacheProblem(reply.status, await reply.json().catch(() => ({})));
      if (tries === TRIES || !problem.maySucceedLater) throw problem;
      // A token may be taken back before its end: the next try brings a new one.
      if (reply.status === 401) this.#token = undefined;
      else {
        const waitMs = 1000 * Number(reply.headers.get('retry-after') ?? tries);
        // Nobody sits before a page for longer: the reason is told now.
        if (!(waitMs < endsAt - this.now())) throw problem;
        await this.pause(waitMs);
      }
    }
  }

  /** Kept in memory alone: storage of a page is read by every script in it. */
  async #freshToken(signal) {
    if (this.#token && this.now() < this.#renewAt) return this.#token;
    const reply = await fetch(this.tokenUrl, { method: 'POST', credentials: 'same-origin', signal });
    if (!reply.ok) throw new CacheProblem(reply.status, { code: 'signed_out', detail: 'Sign in again.' });
    const { token, expiresInSeconds } = await reply.json();
    this.#renewAt = this.now() + expiresInSeconds * 1000 - RENEW_BEFORE_MS;
    this.#token = token;
    return token;
  }
}

export class CacheProblem extends Error {
  constructor(status, { code = 'unknown', detail = `The cache answered ${status}.`, correlationId } = {}) {
    super(detail);
    Object.assign(this, { status, code, correlationId });
  }

  get maySucceedLater() {
    return [401, 429, 503].includes(this.status);
  }
}
