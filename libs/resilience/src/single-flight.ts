// Does the same work once: callers that ask for it while it runs share its outcome.

/** One flight per key in this process. Nothing is remembered after it has landed. */
export class SingleFlight<T> {
  private readonly flights = new Map<string, Promise<T>>();

  /** Joins the flight of the key, or starts it. A flight that fails fails for all who joined; the next call starts anew. */
  run(key: string, start: () => Promise<T>): Promise<T> {
    const underWay = this.flights.get(key);
    if (underWay) return underWay;
    const flight = this.launch(key, start);
    this.flights.set(key, flight);
    return flight;
  }

  /** Flights under way. */
  get size(): number {
    return this.flights.size;
  }

  private async launch(key: string, start: () => Promise<T>): Promise<T> {
    try {
      // Begun a moment later, so that the flight is registered before work that calls `run` again.
      await Promise.resolve();
      return await start();
    } finally {
      this.flights.delete(key);
    }
  }
}
