// Where outgoing calls may go: to public addresses over https, and elsewhere only to hosts that the operator has listed.
import { type LookupAddress, lookup as resolve } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { type Failure, failure } from '#ports';
import { isPublicAddress } from './public-address.js';

/** Hosts that may be called without a list of one's own: this machine, for development and for the library. */
const THIS_MACHINE = ['localhost', '127.0.0.1', '[::1]'];

type Resolve = (
  host: string,
  options: { all: true; family?: number | 'IPv4' | 'IPv6' | undefined; hints?: number | undefined },
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

interface AllowedHost {
  /** As `URL` writes it; begins with a dot where every name below it is meant. */
  readonly name: string;
  readonly port: string | undefined;
}

export class OutgoingRules {
  private constructor(
    private readonly allowed: readonly AllowedHost[],
    private readonly resolve: Resolve,
  ) {}

  /**
   * `hosts` may be called over http and at private addresses: `name`, `name:port`, `*.name` for every name below it, an
   * address, an IPv6 address in brackets.
   */
  static allowing(hosts: readonly string[] = THIS_MACHINE, o: { resolve?: Resolve } = {}): OutgoingRules {
    return new OutgoingRules(hosts.map(allowedHost), o.resolve ?? resolve);
  }

  /** These rules, with more hosts allowed. */
  with(hosts: readonly string[]): OutgoingRules {
    return new OutgoingRules([...this.allowed, ...hosts.map(allowedHost)], this.resolve);
  }

  /** What can be said before a name is resolved. @throws Failure `outgoing.refused` */
  check(url: URL): void {
    if (this.allows(url)) return;
    if (url.protocol !== 'https:') throw refused(url.host, 'only https is allowed');
    const address = literal(url);
    if (address !== undefined && !isPublicAddress(address)) throw refused(url.host, 'its address is not public');
  }

  /**
   * Resolves the names of one origin for its connections. They go to the very addresses that were looked at, so a name
   * that resolves otherwise a moment later gains nothing. One private address among them refuses the name.
   */
  lookup(origin: URL): LookupFunction {
    const unbound = this.allows(origin);
    return (hostname, { family, hints, all }, done) => {
      this.resolve(hostname, { family, hints, all: true }, (error, addresses) => {
        const problem = error ?? (unbound ? undefined : privateAmong(addresses, origin));
        if (problem) done(problem, '', 0);
        else if (all) done(null, addresses);
        else done(null, addresses[0]!.address, addresses[0]!.family);
      });
    };
  }

  private allows(url: URL): boolean {
    // A closing dot is the same name, said in full.
    const host = url.hostname.replace(/\.$/, '');
    const usedPort = url.port || (url.protocol === 'https:' ? '443' : '80');
    return this.allowed.some(
      ({ name, port = usedPort }) => port === usedPort && (name.startsWith('.') ? host.endsWith(name) : host === name),
    );
  }
}

function allowedHost(text: string): AllowedHost {
  const [, below = '', host = '', port] = /^(?:\*(\.))?(.*?)(?::(\d+))?$/.exec(text)!;
  return { name: below + new URL(`http://${host}`).hostname, port };
}

let current = OutgoingRules.allowing();

/** The rules of this process, for clients that are made from now on. Called once, at boot. */
export function setOutgoingRules(rules: OutgoingRules): void {
  current = rules;
}

export function outgoingRules(): OutgoingRules {
  return current;
}

function literal({ hostname }: URL): string | undefined {
  const bare = hostname.replace(/^\[|\]$/g, '');
  return isIP(bare) === 0 ? undefined : bare;
}

function privateAmong(addresses: readonly LookupAddress[], { host }: URL): Failure | undefined {
  return addresses.every(({ address }) => isPublicAddress(address))
    ? undefined
    : refused(host, 'its name leads to an address that is not public');
}

function refused(host: string, rule: string): Failure {
  return failure('outgoing.refused', { host, rule });
}
