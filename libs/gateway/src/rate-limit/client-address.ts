// Finds the address that a request really comes from: the peer's, or what listed proxies say of it.
import { BlockList, isIP } from 'node:net';

/** The part of a request that tells where it comes from; Node's, Fastify's and Socket.IO's all have it. */
export interface AddressedRequest {
  readonly socket: { readonly remoteAddress?: string | undefined };
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** Proxies whose X-Forwarded-For is believed: addresses (`10.0.0.7`) and ranges (`10.0.0.0/8`, `fd00::/8`). */
export class TrustedProxies {
  private readonly list = new BlockList();
  readonly empty: boolean;

  /** Throws an `Error` naming the first item that is neither an address nor a range. */
  constructor(items: readonly string[]) {
    this.empty = items.length === 0;
    for (const item of items) this.add(item);
  }

  includes(address: string): boolean {
    return !this.empty && this.list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  }

  private add(item: string): void {
    const [address = '', bits, ...rest] = item.split('/');
    const version = isIP(address);
    const prefix = bits === undefined ? (version === 6 ? 128 : 32) : /^\d{1,3}$/.test(bits) ? Number(bits) : -1;
    if (version === 0 || rest.length > 0 || prefix < 0 || prefix > (version === 6 ? 128 : 32)) {
      throw new Error(`must list addresses or ranges such as 10.0.0.7, 10.0.0.0/8 or fd00::/8; ${item} is neither`);
    }
    this.list.addSubnet(address, prefix, version === 6 ? 'ipv6' : 'ipv4');
  }
}

/** A sender on the way: its address, and the name of what it is limited as. */
interface Hop {
  readonly address: string;
  readonly network: string;
}

/**
 * The address to limit by: IPv4 as it is, IPv6 as its /64 network (what one customer is given), `unknown` for a peer without one.
 * X-Forwarded-For is read from the right, only as long as the hop that wrote the entry is listed; an entry that is no
 * address ends the walk, and the last hop known counts.
 */
export function clientAddress(request: AddressedRequest, proxies: TrustedProxies): string {
  const peer = hop(request.socket.remoteAddress ?? '');
  if (peer === undefined) return 'unknown';
  return proxies.includes(peer.address) ? senderBehind(peer, request, proxies).network : peer.network;
}

function senderBehind(peer: Hop, request: AddressedRequest, proxies: TrustedProxies): Hop {
  const header = request.headers['x-forwarded-for'];
  const entries = header === undefined ? [] : String(header).split(',');
  let sender = peer;
  while (entries.length > 0 && proxies.includes(sender.address)) {
    const next = hop(entries.pop()!.trim());
    if (next === undefined) break;
    sender = next;
  }
  return sender;
}

// Reading an address takes microseconds, and the same few send most requests.
const known = new Map<string, Hop | undefined>();
const MAX_KNOWN = 10_000;
/** No spelling of an address with brackets, zone and port is longer. */
const MAX_LENGTH = 80;

function hop(text: string): Hop | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  if (known.has(text)) return known.get(text);
  const address = plainAddress(text);
  const found = address === undefined ? undefined : { address, network: networkOf(address) };
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(text, found);
  return found;
}

/** An address without brackets, port, zone or IPv4 mapping; `undefined` for anything else. */
function plainAddress(text: string): string | undefined {
  const bare = /^\[([^\]]*)\](?::\d+)?$/.exec(text)?.[1] ?? text.replace(/^([\d.]+):\d+$/, '$1');
  const zoneless = bare.replace(/%.*$/, '');
  if (isIP(zoneless) === 0) return undefined;
  return isIP(zoneless) === 4 ? zoneless : (mappedIPv4(zoneless) ?? zoneless);
}

function mappedIPv4(address: string): string | undefined {
  const groups = groupsOf(address);
  if (groups.slice(0, 5).some((group) => group !== 0) || groups[5] !== 0xffff) return undefined;
  return [groups[6]! >> 8, groups[6]! & 255, groups[7]! >> 8, groups[7]! & 255].join('.');
}

function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  return `${groupsOf(address)
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(':')}::/64`;
}

/** The eight numbers of a valid IPv6 address. */
function groupsOf(address: string): number[] {
  const hex = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a, b, c, d) =>
    [(+a << 8) | +b, (+c << 8) | +d].map((group) => group.toString(16)).join(':'),
  );
  const [head = '', tail] = hex.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const middle = tail === undefined ? [] : Array.from({ length: 8 - left.length - right.length }, () => '0');
  return [...left, ...middle, ...right].map((group) => Number.parseInt(group, 16));
}
