// What goes out and what comes back: the body of a request, and the value of a reply.
import { ProblemError, ReplyError } from './failure.js';
import { canBeReadAgain, type Lines, linesBody } from './lines.js';
import type { Body, Operation, ReplyKind } from './operation.js';
import { retryAfterMs } from './retry.js';

/** A body that goes out as it is. A stream is sent once. */
export type Raw = string | Blob | ArrayBuffer | Uint8Array | ReadableStream;

/** Whether a body can be sent a second time. */
export function isRepeatable(operation: Operation, body: unknown): boolean {
  if (operation.body?.as === 'lines') return canBeReadAgain(body);
  return !(body instanceof ReadableStream);
}

/** The body as `fetch` takes it, and its media type where `fetch` does not know it. */
export async function bodyOf(
  { type, as }: Body,
  value: unknown,
  signal?: AbortSignal,
): Promise<{ body: RequestInit['body'] | ReadableStream; type?: string }> {
  switch (as) {
    case 'json':
      return { body: JSON.stringify(value), type };
    case 'lines':
      return { body: await linesBody(value as Lines<unknown>, { signal }), type };
    case 'form':
      return { body: new URLSearchParams(textsOf(value)), type };
    case 'multipart':
      return { body: formOf(value) };
    case 'raw':
      return { body: value as ReadableStream, type };
  }
}

/** The value of a good reply: JSON as it is, text as a string, anything else as a Blob; nothing where there is none. */
export async function replyValue(operation: Operation, reply: Response): Promise<unknown> {
  const type = mediaType(reply);
  const body = await reply.blob();
  switch (readAs(operation, type, body.size === 0)) {
    case 'json':
      return parsed(operation.id, await body.text());
    case 'html':
    case 'text':
      return body.text();
    case 'bytes':
      return body;
    case 'empty':
      return undefined;
    case undefined: {
      const what = body.size === 0 ? 'nothing' : type || 'what has no media type';
      throw new ReplyError(operation.id, `${operation.id}: ${reply.status} with ${what}, which is none of its replies`);
    }
  }
}

/** How a body is read; nothing where the operation has no such reply. */
function readAs({ method, reply: good }: Operation, type: string, isEmpty: boolean): ReplyKind | undefined {
  if (method === 'HEAD') return 'empty';
  const kind = kindOf(type);
  const isText = kind === 'text' || kind === 'html';
  if (isEmpty && (!good || good.includes('empty'))) return isText && (!good || good.includes(kind)) ? kind : 'empty';
  if (isEmpty && (kind === 'json' || type === '')) return undefined;
  if (!good || good.includes(kind)) return kind;
  return good.includes('bytes') && kind !== 'html' ? 'bytes' : undefined;
}

function kindOf(type: string): ReplyKind {
  if (isJson(type)) return 'json';
  if (type === 'text/html') return 'html';
  return type.startsWith('text/') ? 'text' : 'bytes';
}

export async function problemOf(operation: string, reply: Response): Promise<ProblemError> {
  const text = await reply.text();
  let body: unknown = text;
  try {
    if (isJson(mediaType(reply))) body = JSON.parse(text);
  } catch {
    // A proxy may call anything JSON; its status still tells.
  }
  return new ProblemError(operation, reply.status, reply.headers, body, retryAfterMs(reply.headers));
}

function parsed(operation: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ReplyError(operation, `${operation}: the reply is not whole JSON`, { cause });
  }
}

function mediaType(reply: Response): string {
  return (reply.headers.get('content-type') ?? '').split(';')[0]!.trim().toLowerCase();
}

function isJson(type: string): boolean {
  return type === 'application/json' || type.endsWith('+json');
}

function textsOf(value: unknown): Array<[string, string]> {
  return given(value).map(([name, one]) => [name, typeof one === 'object' ? JSON.stringify(one) : String(one)]);
}

function formOf(value: unknown): FormData {
  const form = new FormData();
  for (const [name, one] of given(value)) {
    if (one instanceof Blob) form.append(name, one);
    else form.append(name, typeof one === 'object' ? JSON.stringify(one) : String(one));
  }
  return form;
}

/** Fields with a value; a list is the same field again. */
function given(value: unknown): Array<[string, unknown]> {
  return Object.entries(value ?? {})
    .flatMap(
      ([name, one]): Array<[string, unknown]> => (Array.isArray(one) ? one.map((each) => [name, each]) : [[name, one]]),
    )
    .filter(([, one]) => one !== undefined && one !== null);
}
