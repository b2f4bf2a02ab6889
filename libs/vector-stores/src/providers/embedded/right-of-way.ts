// Lets queries go before writes: a question waits for nobody's ingestion, and an ingestion not for ever.

/** A write waits for the queries under way for so long at most, so that many askers do not stop it. Milliseconds. */
const LONGEST_WAIT_MS = 20;

export class RightOfWay {
  private underWay = 0;
  private free = Promise.withResolvers<void>();

  /** Runs a query. */
  async first<T>(query: () => Promise<T>): Promise<T> {
    this.underWay++;
    try {
      return await query();
    } finally {
      this.underWay--;
      if (this.underWay === 0) {
        this.free.resolve();
        this.free = Promise.withResolvers();
      }
    }
  }

  /** Resolves when no query is under way, or after the longest wait. */
  async given(): Promise<void> {
    if (this.underWay === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, LONGEST_WAIT_MS);
    await Promise.race([promise, this.free.promise]);
    clearTimeout(timer);
  }
}
