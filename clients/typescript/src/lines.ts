// Values as NDJSON, one a line: as one text where they are at hand, as a stream where they come one after another.

/**
 * A list, or what gives one value after another. A list, and a function that starts anew each time, may be sent again; what
 * can be read once is sent once.
 */
export type Lines<T> = Source<T> | (() => Source<T>);

type Source<T> = Iterable<T> | AsyncIterable<T>;

/** How many characters are gathered before they go out. */
const CHUNK = 64 * 1024;
/** How long, in milliseconds, what was gathered waits for more: servers end a body that is silent for long. */
const LONGEST_WAIT_MS = 1000;

/** The source of each stream, and how it is ended. */
const sources = new WeakMap<object, { chunks: Chunks<unknown>; end: () => void }>();

/** What the source of a stream threw: it is the caller's own, and no failure of the connection. */
export function sourceFailure(body: unknown): { error: unknown } | undefined {
  return sourceOf(body)?.chunks.failure;
}

/** The call is over: no more is asked of the source of a stream, and it is told so. */
export function endSource(body: unknown): void {
  sourceOf(body)?.end();
}

function sourceOf(body: unknown) {
  return typeof body === 'object' && body !== null ? sources.get(body) : undefined;
}

export function canBeReadAgain(lines: unknown): boolean {
  return Array.isArray(lines) || typeof lines === 'function';
}

/** Pages cannot stream a body over HTTP/1.1: there, the lines are gathered first, until the signal ends it. */
export async function linesBody<T>(
  lines: Lines<T>,
  { streams = !inPage(), signal }: { streams?: boolean; signal?: AbortSignal | undefined } = {},
): Promise<string | Blob | ReadableStream> {
  const source = typeof lines === 'function' ? lines() : lines;
  if (Array.isArray(source)) return source.map(line).join('');
  const chunks = new Chunks(source);
  return streams ? streamOf(chunks) : gathered(chunks, signal);
}

function inPage(): boolean {
  return 'document' in globalThis || 'WorkerGlobalScope' in globalThis;
}

function streamOf(chunks: Chunks<unknown>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  const stream = new ReadableStream<Uint8Array>({
    start(given) {
      controller = given;
    },
    async pull() {
      try {
        const text = await chunks.next();
        if (chunks.stopped) return;
        if (text === undefined) controller.close();
        else controller.enqueue(encoder.encode(text));
      } catch (error) {
        controller.error(error);
      }
    },
    cancel() {
      chunks.stop();
    },
  });
  const end = () => {
    if (chunks.stop()) controller.error(new Error('the call is over'));
  };
  sources.set(stream, { chunks, end });
  return stream;
}

function gathered(chunks: Chunks<unknown>, signal: AbortSignal | undefined): Promise<Blob> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      chunks.stop();
      reject(signal?.reason);
    };
    if (signal?.aborted) return stop();
    signal?.addEventListener('abort', stop, { once: true });
    allOf(chunks)
      .then(resolve, reject)
      .finally(() => signal?.removeEventListener('abort', stop));
  });
}

async function allOf(chunks: Chunks<unknown>): Promise<Blob> {
  const parts: string[] = [];
  for (let text = await chunks.next(); text !== undefined; text = await chunks.next()) parts.push(text);
  return new Blob(parts);
}

/** Reads a source chunk by chunk. */
class Chunks<T> {
  failure: { error: unknown } | undefined;
  stopped = false;
  private readonly values: Iterator<T> | AsyncIterator<T>;
  /** The value that was asked for, and is not in a chunk yet. */
  private asked: Promise<IteratorResult<T>> | undefined;
  private ended = false;
  private sentAt = performance.now();

  constructor(source: Source<T>) {
    this.values = (source as AsyncIterable<T>)[Symbol.asyncIterator]?.() ?? (source as Iterable<T>)[Symbol.iterator]();
  }

  /** Some lines: a chunk of them, or what has waited long enough; nothing at the end. */
  async next(): Promise<string | undefined> {
    const wait = new Wait(() => this.sentAt + LONGEST_WAIT_MS - performance.now());
    let text = '';
    try {
      while (text.length < CHUNK && !this.ended && !this.stopped) {
        this.asked ??= this.ask();
        const result = text === '' ? await this.asked : await Promise.race([this.asked, wait.over()]);
        if (result === undefined) break;
        this.asked = undefined;
        if (result.done) this.ended = true;
        else text += line(result.value);
      }
    } catch (error) {
      this.failure = { error };
      this.stop();
      throw error;
    } finally {
      wait.end();
    }
    this.sentAt = performance.now();
    return text || undefined;
  }

  /** Asks the source for no more, and tells it so. False where it has come to its end. */
  stop(): boolean {
    if (this.ended || this.stopped) return false;
    this.stopped = true;
    // The call has ended for a reason of its own, which counts more than what the source says to its end.
    const told = async () => this.values.return?.();
    told().catch(() => undefined);
    return true;
  }

  private ask(): Promise<IteratorResult<T>> {
    const asked = (async () => {
      try {
        const { done, value } = await this.values.next();
        return { done, value: await value } as IteratorResult<T>;
      } catch (error) {
        this.ended = true;
        throw error;
      }
    })();
    // Nobody may come back for it.
    asked.catch(() => undefined);
    return asked;
  }
}

/** A pause that begins when it is first asked for. */
class Wait {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private promise: Promise<undefined> | undefined;

  constructor(private readonly ms: () => number) {}

  over(): Promise<undefined> {
    this.promise ??= new Promise((resolve) => {
      this.timer = setTimeout(resolve, Math.max(0, this.ms()), undefined);
    });
    return this.promise;
  }

  end(): void {
    clearTimeout(this.timer);
  }
}

function line(value: unknown): string {
  const text = JSON.stringify(value);
  if (text === undefined) throw new TypeError(`a line must be a JSON value, not ${typeof value}`);
  return `${text}\n`;
}
