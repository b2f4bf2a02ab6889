// By which names the service may be asked: a page that points a name of its own at this address learns nothing.

import { isIPv6 } from 'node:net';

const HOST = /^(\[[0-9a-f:.]+\]|[^:[\]]+)(?::(\d{1,5}))?$/;
/** Spellings of the header that were judged already. */
const MAX_KNOWN = 1000;

export class AllowedHosts {
  private readonly known = new Map<string, boolean>();

  private constructor(private readonly hosts: readonly string[]) {}

  /** `undefined` where none is listed: then every name is good. */
  static of(hosts: readonly string[]): AllowedHosts | undefined {
    return hosts.length === 0 ? undefined : new AllowedHosts(hosts.map(asInHeader));
  }

  /** Whether the header `host` names the service. */
  allow(header: string | undefined): boolean {
    if (header === undefined) return false;
    let good = this.known.get(header);
    if (good === undefined) {
      good = this.judge(header.toLowerCase());
      if (this.known.size >= MAX_KNOWN) this.known.clear();
      this.known.set(header, good);
    }
    return good;
  }

  private judge(header: string): boolean {
    const [, name = '', port] = HOST.exec(header) ?? [];
    return this.hosts.some((one) => {
      const [, listed = '', listedPort] = HOST.exec(one) ?? [];
      if (listedPort !== undefined && listedPort !== port) return false;
      return listed.startsWith('*.') ? name.endsWith(listed.slice(1)) : name === listed && name !== '';
    });
  }
}

/** An IPv6 address may be listed as it is; in the header it stands in brackets. */
function asInHeader(host: string): string {
  return isIPv6(host) ? `[${host.toLowerCase()}]` : host.toLowerCase();
}
