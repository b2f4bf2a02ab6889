// Looks at what a request says of itself, before anything is done with it: its target, its headers, the host it is meant for.
import type { IncomingMessage } from 'node:http';
import { type Failure, failure } from '#ports';
import type { AllowedHosts } from './allowed-hosts.js';

/** More headers are refused. The parser reads one more than these, and no byte beyond 16 KiB. */
export const MAX_HEADERS = 100;
export const MAX_HEADER_BYTES = 16 * 1024;

/** Probes ask by address, and are told nothing that others are not. */
const PROBES = /^\/health(\/(live|ready))?$/;
const SLASH = 47;

type Head = Pick<IncomingMessage, 'url' | 'rawHeaders' | 'headers'>;

export class Doorkeeper {
  /** `hosts`: by which names the service may be asked; absent, by any. */
  constructor(readonly hosts: AllowedHosts | undefined) {}

  /** Why a request is not let in; `undefined` where it is. */
  refusal(request: Head): Failure | undefined {
    const { url = '', rawHeaders } = request;
    if (rawHeaders.length > 2 * MAX_HEADERS) return failure('request.headers_too_many', { limit: MAX_HEADERS });
    // An absolute target is for a proxy, which this is not; RFC 9112 §3.2.2 would have its host win over the header.
    if (url.charCodeAt(0) !== SLASH) return unreadable('its target is not a path');
    // RFC 9112 §3.2: who names two hosts is understood differently by whoever reads one of them.
    if (countOf('host', rawHeaders) > 1) return unreadable('it has more than one Host header');
    if (!this.hosts || this.hosts.allow(request.headers.host) || PROBES.test(url)) return undefined;
    return failure('request.host', {});
  }
}

function unreadable(reason: string): Failure {
  return failure('request.headers', { reason });
}

function countOf(name: string, rawHeaders: readonly string[]): number {
  let count = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const given = rawHeaders[at]!;
    if (given.length === name.length && given.toLowerCase() === name) count++;
  }
  return count;
}
