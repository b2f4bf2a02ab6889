// Shows who calls: the token, where the operation asks for it.
import type { Auth, Operation } from './operation.js';

/**
 * Sets a header, or gives another address.
 * @throws TypeError, without the token, where it cannot be sent as it is
 */
export function withToken(
  { id, auth }: Operation & { auth: Auth },
  given: string,
  url: string,
  headers: Headers,
): string {
  // A file that holds a token ends with a line break.
  const token = given.trim();
  switch (auth.scheme) {
    case 'bearer':
      headers.set('authorization', `Bearer ${visible(id, token)}`);
      return url;
    case 'basic':
      headers.set('authorization', `Basic ${base64(oneLine(id, token))}`);
      return url;
    case 'header':
      headers.set(auth.name, visible(id, token));
      return url;
    case 'query':
      return `${url}${url.includes('?') ? '&' : '?'}${encodeURIComponent(auth.name)}=${encodeURIComponent(oneLine(id, token))}`;
  }
}

function visible(operation: string, token: string): string {
  if (/^[ -~]+$/.test(token)) return token;
  throw new TypeError(`${operation}: the token must be one line of visible characters of ASCII`);
}

function oneLine(operation: string, token: string): string {
  if (token !== '' && !/\p{Cc}/u.test(token)) return token;
  throw new TypeError(`${operation}: the token must be one line of visible characters`);
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
