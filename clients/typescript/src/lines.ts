// Values as NDJSON, one a line: as one text where they are at hand, as a stream where they come one after another.

/**
 * A list, or what gives one value after another. A list, and a function that starts anew each time, may be sent again; what
 * can be read once is sent once.
 */
export type Lines<T> = Source<T> | (() => Source<T>);

type Source<T> = Iterable<T> | AsyncIterable<T>;

/** How many characters are gathered before they go out. */
const CHUNK = 64 * 1024;

/** What the source of a stream threw: it is the caller's own, and no failure of the connection. */
const failures = new WeakMap<object, { error: unknown }>();

export function sourceFailure(body: unknown): { error: unknown } | undefined {
  return typeof body === 'object' && body !== null ? failures.get(body) : undefined;
}

export function canBeReadAgain(lines: unknown): boolean {
  return Array.isArray(lines) || typeof lines === 'function';
}

/** Pages cannot stream a body over HTTP/1.1: there, the lines are gathered first. */
export async function linesBody<T>(lines: Lines<T>, streams = !inPage()): Promise<string | Blob | ReadableStream> {
  const source = typeof lines === 'function' ? lines() : lines;
  if (Array.isArray(source)) return source.map(line).join('');
  const stream = streamOf(source);
  return streams ? stream : await new Response(stream).blob();
}

function inPage(): boolean {
  return 'document' in globalThis || 'WorkerGlobalScope' in globalThis;
}

function streamOf<T>(source: Source<T>): ReadableStream<Uint8Array> {
  const chunks = inChunks(source);
  const encoder = new TextEncoder();
  const stream: ReadableStream<Uint8Array> = new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await chunks.next();
        if (done) controller.close();
        else controller.enqueue(encoder.encode(value));
      } catch (error) {
        failures.set(stream, { error });
        controller.error(error);
      }
    },
    async cancel() {
      await chunks.return();
    },
  });
  return stream;
}

async function* inChunks<T>(source: Source<T>): AsyncGenerator<string, void> {
  let text = '';
  for await (const value of source) {
    text += line(value);
    if (text.length < CHUNK) continue;
    yield text;
    text = '';
  }
  if (text) yield text;
}

function line(value: unknown): string {
  const text = JSON.stringify(value);
  if (text === undefined) throw new TypeError(`a line must be a JSON value, not ${typeof value}`);
  return `${text}\n`;
}
