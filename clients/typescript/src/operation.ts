// What the client knows of an operation: a row of the OpenAPI document, as the generator writes it.

export interface Operation {
  /** Its operationId. */
  readonly id: string;
  readonly method: string;
  /** Its path, with `{names}` where values go. */
  readonly path: string;
  /** Whether it may be sent again: in any case, only under an Idempotency-Key, or not at all. */
  readonly repeat: 'always' | 'keyed' | 'never';
  /** How a caller shows who they are; nothing where the operation is open. */
  readonly auth?: Auth;
  /** Parameters of the query: how a list or an object is written. */
  readonly query?: Readonly<Record<string, QueryStyle>>;
  /** Parameters of the header, but for those that the client sends by itself. */
  readonly headers?: readonly string[];
  readonly body?: Body;
  /** What a good reply may be; nothing where the document does not say. */
  readonly reply?: readonly ReplyKind[];
  /** Carries `x-request-timestamp` and `x-request-nonce`, fresh each time it is sent. */
  readonly proof?: true;
}

/** `repeat`: `a=1&a=2`, an object `b=1&c=2` · `comma`: `a=1,2`, an object `a=b,1,c,2` · `deep`: `a[b]=1` · `json`: `a={"b":1}`. */
export type QueryStyle = 'repeat' | 'comma' | 'deep' | 'json';

/** Pages are a kind of their own: proxies answer with one, whatever was asked for. */
export type ReplyKind = 'json' | 'html' | 'text' | 'bytes' | 'empty';

export type Auth =
  | { readonly scheme: 'bearer' | 'basic' }
  | { readonly scheme: 'header' | 'query'; readonly name: string };

export interface Body {
  readonly type: string;
  readonly as: 'json' | 'lines' | 'form' | 'multipart' | 'raw';
}

/** What a call gives, beside its options. */
export interface Input {
  readonly path?: Readonly<Record<string, unknown>>;
  /** Values of the query and of the header, by name. */
  readonly parameters?: object | undefined;
  readonly body?: unknown;
}
