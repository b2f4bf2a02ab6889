// Tells public addresses from those of this machine, its networks and its cloud.
import { BlockList, isIP } from 'node:net';

/** https://www.iana.org/assignments/iana-ipv4-special-registry, with multicast (224/4) and reserved (240/4). */
const SPECIAL_IPV4: ReadonlyArray<readonly [string, number]> = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10], // RFC 6598: carrier-grade NAT, and the metadata services of some clouds
  ['127.0.0.0', 8],
  ['169.254.0.0', 16], // RFC 3927: link-local, and the metadata services of most clouds
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];

/** https://www.iana.org/assignments/iana-ipv6-special-registry, within 2000::/3. */
const SPECIAL_IPV6: ReadonlyArray<readonly [string, number]> = [
  ['2001::', 23], // protocol assignments, Teredo among them
  ['2001:db8::', 32],
  ['2002::', 16], // RFC 3056: 6to4 leads to any IPv4 address
  ['3fff::', 20],
];

/** RFC 6052: an IPv4 address behind a translator, as DNS64 gives it for public names on networks without IPv4. */
const TRANSLATED = '64:ff9b::';

const special = new BlockList();
for (const [net, bits] of SPECIAL_IPV4) {
  special.addSubnet(net, bits, 'ipv4');
  special.addSubnet(TRANSLATED + net, 96 + bits, 'ipv6');
}
for (const [net, bits] of SPECIAL_IPV6) special.addSubnet(net, bits, 'ipv6');

/** Everything else of IPv6, local, mapped and unassigned addresses among it, is not public. */
const globalIPv6 = new BlockList();
globalIPv6.addSubnet('2000::', 3, 'ipv6');
globalIPv6.addSubnet(TRANSLATED, 96, 'ipv6');

/** Whether an address is one of the public internet. `false` for what is no address. */
export function isPublicAddress(address: string): boolean {
  const version = isIP(address);
  if (version === 4) return !special.check(address, 'ipv4');
  return version === 6 && globalIPv6.check(address, 'ipv6') && !special.check(address, 'ipv6');
}
