// How a call fails: the service refuses it, cannot be reached, takes too long, or answers what cannot be read.

/** What every failure of a client is. */
export class ClientError extends Error {
  override name = 'ClientError';

  constructor(
    /** The operationId of the call. */
    readonly operation: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A problem by RFC 9457, as far as the reply holds one. */
export interface Problem {
  type?: string;
  title?: string;
  status?: number;
  /** Stable: what a program may decide by. */
  code?: string;
  detail?: string;
  /** Problems field by field. */
  errors?: ReadonlyArray<{ path: string; code: string; message: string }>;
  correlationId?: string;
}

/** The service answered, and refused. */
export class ProblemError extends ClientError {
  override name = 'ProblemError';
  readonly code: string | undefined;
  readonly detail: string | undefined;
  readonly errors: NonNullable<Problem['errors']>;
  readonly correlationId: string | undefined;

  constructor(
    operation: string,
    readonly status: number,
    readonly headers: Headers,
    /** The body of the reply: parsed where it is JSON, else text. */
    readonly body: unknown,
    /** What `retry-after` asks for, milliseconds. */
    readonly retryAfterMs: number | undefined,
  ) {
    const { code, detail, title, errors, correlationId } = problemIn(body);
    super(operation, `${operation}: ${[status, code, detail ?? title].filter(Boolean).join(' ')}`);
    this.code = code;
    this.detail = detail;
    this.errors = Array.isArray(errors) ? errors : [];
    this.correlationId = correlationId ?? headers.get('x-correlation-id') ?? undefined;
  }
}

/** No whole reply came: no connection, or one that broke. Whether the service did what was asked is not known. */
export class UnreachableError extends ClientError {
  override name = 'UnreachableError';
}

/** No whole reply came in time. Whether the service did what was asked is not known. */
export class LateError extends ClientError {
  override name = 'LateError';
}

/** The reply cannot be read, e.g. because it ends in the middle. */
export class ReplyError extends ClientError {
  override name = 'ReplyError';
}

function problemIn(body: unknown): Problem {
  if (typeof body !== 'object' || body === null) return {};
  const known = body as Record<string, unknown>;
  const text = (name: string) => (typeof known[name] === 'string' ? { [name]: known[name] } : {});
  return {
    ...text('code'),
    ...text('detail'),
    ...text('title'),
    ...text('correlationId'),
    ...(Array.isArray(known.errors) && { errors: known.errors as NonNullable<Problem['errors']> }),
  };
}
