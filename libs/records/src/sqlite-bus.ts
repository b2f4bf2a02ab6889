// Carries short messages between the processes of one machine, through the file of their records.
import { randomUUID } from 'node:crypto';
import { failure } from '#ports';
import { Bus, LocalBus } from './bus.js';
import { openFile } from './sqlite-file.js';
import { MESSAGE } from './sqlite-sql.js';
import { Statements } from './sqlite-statements.js';

export interface SqliteBusOptions {
  /** The file of the records; its folder is made when absent. */
  file: string;
  /** How often the file is asked for messages of other processes: one read of an index. Milliseconds. */
  everyMs?: number;
  now?: () => number;
}

/** A message is read long before it is deleted, unless its reader stood still: then a gap in the numbers tells. */
const KEPT_MS = 60_000;
const MOST_DELETED = 1000;

export class SqliteBus extends Bus {
  readonly #own = randomUUID();
  readonly #here = new LocalBus();
  readonly #missed = new Set<() => void>();
  readonly #timer: NodeJS.Timeout;
  #last: number;

  private constructor(
    private readonly file: Statements,
    private readonly now: () => number,
    everyMs: number,
  ) {
    super();
    this.#last = Number(file.get(MESSAGE.last)?.number ?? 0);
    this.#timer = setInterval(() => void this.read().catch(() => {}), everyMs).unref();
  }

  /** @throws Failure `records.refused` */
  static open({ file, everyMs = 200, now = Date.now }: SqliteBusOptions): SqliteBus {
    return new SqliteBus(new Statements(openFile(file, 'normal')), now, everyMs);
  }

  /** Heard at once in this process. */
  async publish(topic: string, message: string): Promise<void> {
    await this.#here.publish(topic, message);
    try {
      this.file.run(MESSAGE.add, topic, message, this.#own, this.now());
    } catch (cause) {
      throw failure('cache.store_unavailable', { tier: 'sqlite' }, { cause });
    }
  }

  async subscribe(topic: string, heard: (message: string) => void, { missed }: { missed?: () => void } = {}) {
    const stop = await this.#here.subscribe(topic, heard);
    if (missed) this.#missed.add(missed);
    return async () => {
      if (missed) this.#missed.delete(missed);
      await stop();
    };
  }

  /** Hears what other processes said. By itself it comes every `everyMs`. */
  async read(): Promise<void> {
    const rows = this.file.all(MESSAGE.after, this.#last);
    const gap = rows.length > 0 && Number(rows[0]!.number) > this.#last + 1;
    for (const { number, topic, message, sender } of rows) {
      this.#last = Number(number);
      if (sender !== this.#own) await this.#here.publish(String(topic), String(message));
    }
    if (gap) for (const missed of this.#missed) missed();
    if (rows.length > 0) this.file.run(MESSAGE.end, this.now() - KEPT_MS, MOST_DELETED);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#here.close();
    this.#missed.clear();
    this.file.close();
  }
}
