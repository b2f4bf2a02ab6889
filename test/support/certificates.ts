// Makes certificate authorities and what they sign, as X.509 v3 in PEM: a few lines of DER, so that no tool is needed.
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIPv4 } from 'node:net';

export interface Issued {
  /** PEM. */
  cert: string;
  key: string;
}

export interface Wanted {
  /** From the most general name to the most special, e.g. `[['O', 'Example'], ['CN', 'ingest']]`. A list in a list is one name of several parts. */
  subject: Name;
  dns?: string[];
  ips?: string[];
  uris?: string[];
  /** From an hour ago, for so many days. */
  days?: number;
}

export type Name = Array<[string, string] | Array<[string, string]>>;

export interface Authority extends Issued {
  issue(wanted: Wanted): Issued;
}

const OIDS: Record<string, number[]> = {
  CN: [0x55, 4, 3],
  C: [0x55, 4, 6],
  O: [0x55, 4, 10],
  OU: [0x55, 4, 11],
  basicConstraints: [0x55, 0x1d, 19],
  subjectAltName: [0x55, 0x1d, 17],
  subjectKeyIdentifier: [0x55, 0x1d, 14],
  authorityKeyIdentifier: [0x55, 0x1d, 35],
};

/** An authority that signs itself. */
export function anAuthority(name: string): Authority {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const subject: Name = [['CN', name]];
  const self = { name: subject, key: keys.privateKey, public: keys.publicKey };
  return {
    cert: certificate({ subject }, keys.publicKey, self, true),
    key: pemOf(keys.privateKey),
    issue: (wanted) => {
      const theirs = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      return { cert: certificate(wanted, theirs.publicKey, self, false), key: pemOf(theirs.privateKey) };
    },
  };
}

interface Issuer {
  name: Name;
  key: KeyObject;
  public: KeyObject;
}

function certificate(
  { subject, dns, ips, uris, days = 30 }: Wanted,
  key: KeyObject,
  issuer: Issuer,
  ca: boolean,
): string {
  const from = new Date(Date.now() - 3_600_000);
  const to = new Date(from.getTime() + days * 86_400_000);
  const names = [
    ...(dns ?? []).map((one) => der(0x82, Buffer.from(one))),
    ...(uris ?? []).map((one) => der(0x86, Buffer.from(one))),
    ...(ips ?? []).map((one) => der(0x87, addressBytes(one))),
  ];
  const extensions = [
    extension('basicConstraints', true, sequence(...(ca ? [der(0x01, Buffer.from([0xff]))] : []))),
    extension('subjectKeyIdentifier', false, der(0x04, idOf(key))),
    extension('authorityKeyIdentifier', false, sequence(der(0x80, idOf(issuer.public)))),
    ...(names.length > 0 ? [extension('subjectAltName', false, sequence(...names))] : []),
  ];
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ECDSA_SHA256,
    nameOf(issuer.name),
    sequence(time(from), time(to)),
    nameOf(subject),
    key.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions)),
  );
  const signature = sign('sha256', body, issuer.key);
  const whole = sequence(body, ECDSA_SHA256, der(0x03, Buffer.concat([Buffer.from([0]), signature])));
  const lines = whole
    .toString('base64')
    .match(/.{1,64}/g)!
    .join('\n');
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

const sequence = (...parts: Buffer[]) => der(0x30, Buffer.concat(parts));
const oid = (bytes: number[]) => der(0x06, Buffer.from(bytes));

const ECDSA_SHA256 = sequence(oid([0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2]));

function nameOf(name: Name): Buffer {
  const part = ([attribute, value]: [string, string]) => sequence(oid(OIDS[attribute]!), der(0x0c, Buffer.from(value)));
  return sequence(
    ...name.map((one) => {
      const parts = (Array.isArray(one[0]) ? one : [one]) as Array<[string, string]>;
      return der(0x31, Buffer.concat(parts.map(part).sort(Buffer.compare)));
    }),
  );
}

function extension(name: string, critical: boolean, value: Buffer): Buffer {
  return sequence(oid(OIDS[name]!), ...(critical ? [der(0x01, Buffer.from([0xff]))] : []), der(0x04, value));
}

/** UTCTime: good until 2049. */
function time(date: Date): Buffer {
  return der(
    0x17,
    Buffer.from(
      `${date
        .toISOString()
        .replace(/[-:T]|\.\d+/g, '')
        .slice(2, -1)}Z`,
    ),
  );
}

function idOf(key: KeyObject): Buffer {
  return createHash('sha1')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest();
}

function addressBytes(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number));
  if (address === '::1') return Buffer.concat([Buffer.alloc(15), Buffer.from([1])]);
  throw new Error(`${address} is not written here yet`);
}

function pemOf(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}
