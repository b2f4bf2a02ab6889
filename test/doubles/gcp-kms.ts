// A loopback server that speaks Google Cloud KMS, its token endpoint and its metadata server: REST v1, checksums, versions.
// https://cloud.google.com/kms/docs/reference/rest
import { generateKeyPairSync, randomBytes, randomUUID, verify } from 'node:crypto';
import { LoopbackVendor, type VendorReply, type VendorRequest } from './loopback-vendor.js';
import { openBox, sealBox } from './sealed-box.js';

const RING = 'projects/acme/locations/europe-west3/keyRings/cache';
const PAGE_SIZE = 2;
const VERSION_BYTES = 4;

type VersionState = 'ENABLED' | 'DISABLED' | 'DESTROY_SCHEDULED' | 'DESTROYED' | 'PENDING_GENERATION';

interface CryptoKey {
  purpose: string;
  primary: number;
  versions: { state: VersionState; material: Buffer }[];
}

interface Asked {
  plaintext?: string;
  ciphertext?: string;
  additionalAuthenticatedData?: string;
  plaintextCrc32c?: string;
  ciphertextCrc32c?: string;
  additionalAuthenticatedDataCrc32c?: string;
}

export class GcpKmsDouble extends LoopbackVendor {
  readonly account = 'cache@acme.iam.gserviceaccount.com';
  private readonly pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
  private readonly keys = new Map<string, CryptoKey>();
  private tokens = new Map<string, number>();

  static start(): Promise<GcpKmsDouble> {
    return new GcpKmsDouble().listen();
  }

  /** Makes a key with so many versions, the last of them primary, and gives its name. */
  makeKey({ versions = 1, purpose = 'ENCRYPT_DECRYPT' } = {}): string {
    const name = `${RING}/cryptoKeys/${randomUUID()}`;
    this.keys.set(name, { purpose, primary: 0, versions: [] });
    for (let made = 0; made < versions; made++) this.rotate(name);
    return name;
  }

  /** Makes a new version primary, and gives its name. */
  rotate(name: string): string {
    const key = this.keys.get(name)!;
    key.primary = key.versions.push({ state: 'ENABLED', material: randomBytes(32) });
    return `${name}/cryptoKeyVersions/${key.primary}`;
  }

  setState(version: string, state: VersionState): void {
    const [, name, number] = /^(.*)\/cryptoKeyVersions\/(\d+)$/.exec(version)!;
    this.keys.get(name!)!.versions[Number(number) - 1]!.state = state;
  }

  /** The key of the service account, as the file that `gcloud` makes. */
  accountKey(changed: Record<string, unknown> = {}): string {
    const private_key = this.pair.privateKey.export({ type: 'pkcs8', format: 'pem' });
    const about = { type: 'service_account', client_email: this.account, private_key_id: 'key-1' };
    return JSON.stringify({ ...about, private_key, token_uri: `${this.url}/token`, ...changed });
  }

  issueToken(seconds = 3600): string {
    const token = `ya29.${randomUUID()}`;
    this.tokens.set(token, Date.now() + seconds * 1000);
    return token;
  }

  /** Ends every token that was issued. */
  revokeTokens(): void {
    this.tokens = new Map();
  }

  /** An error in the vendor's form. */
  error(status: number, code: string, message = 'refused'): VendorReply {
    return { status, body: { error: { code: status, message, status: code } } };
  }

  throttled(retryAfter?: string): VendorReply {
    const reply = this.error(429, 'RESOURCE_EXHAUSTED', "Quota exceeded for quota metric 'Cryptographic requests'.");
    return { ...reply, ...(retryAfter !== undefined && { headers: { 'retry-after': retryAfter } }) };
  }

  protected answer(request: VendorRequest): VendorReply {
    const { pathname, searchParams } = new URL(request.target, this.url);
    if (pathname === '/token') return this.exchange(request);
    if (pathname.startsWith('/computeMetadata/')) return this.metadata(request, pathname);
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    if (!((this.tokens.get(token) ?? 0) > Date.now())) return this.error(401, 'UNAUTHENTICATED');
    const [, name = '', verb] = /^\/v1\/(.*?)(?::(\w+))?$/.exec(pathname)!;
    if (request.method === 'GET') return this.read(name, searchParams.get('pageToken') ?? '');
    const asked = JSON.parse(request.body) as Asked;
    if (!isIntact(asked))
      return this.error(400, 'INVALID_ARGUMENT', 'The checksum in field plaintext_crc32c did not match.');
    if (verb === 'encrypt') return this.encrypt(name, asked);
    return verb === 'decrypt' ? this.decrypt(name, asked) : this.error(404, 'NOT_FOUND');
  }

  /** https://developers.google.com/identity/protocols/oauth2/service-account#httprest */
  private exchange({ headers, body }: VendorRequest): VendorReply {
    const form = new URLSearchParams(body);
    const [header = '', claims = '', signature = ''] = (form.get('assertion') ?? '').split('.');
    const said = jsonOf(claims);
    const now = Date.now() / 1000;
    const good =
      headers['content-type'] === 'application/x-www-form-urlencoded' &&
      form.get('grant_type') === 'urn:ietf:params:oauth:grant-type:jwt-bearer' &&
      jsonOf(header).alg === 'RS256' &&
      verify('sha256', Buffer.from(`${header}.${claims}`), this.pair.publicKey, Buffer.from(signature, 'base64url')) &&
      said.iss === this.account &&
      said.aud === `${this.url}/token` &&
      said.scope === 'https://www.googleapis.com/auth/cloudkms' &&
      Math.abs(Number(said.iat) - now) < 300 &&
      Number(said.exp) - Number(said.iat) <= 3600;
    if (!good) return { status: 400, body: { error: 'invalid_grant', error_description: 'Invalid JWT Signature.' } };
    return this.granted();
  }

  private metadata({ headers }: VendorRequest, path: string): VendorReply {
    if (headers['metadata-flavor'] !== 'Google') return { status: 403, body: 'Missing Metadata-Flavor:Google header.' };
    const known = path === '/computeMetadata/v1/instance/service-accounts/default/token';
    return known ? this.granted() : { status: 404, body: 'no such account' };
  }

  private granted(): VendorReply {
    return { status: 200, body: { access_token: this.issueToken(), expires_in: 3599, token_type: 'Bearer' } };
  }

  private read(name: string, pageToken: string): VendorReply {
    const key = this.keys.get(name.replace(/\/cryptoKeyVersions$/, ''));
    if (!key) return this.error(404, 'NOT_FOUND', `CryptoKey ${name} not found.`);
    const shown = key.versions.map(({ state }, index) => ({ name: `${name}/${index + 1}`, state }));
    if (name.endsWith('/cryptoKeyVersions')) {
      const start = Number(pageToken);
      const more = shown.length > start + PAGE_SIZE && { nextPageToken: String(start + PAGE_SIZE) };
      return { status: 200, body: { cryptoKeyVersions: shown.slice(start, start + PAGE_SIZE), ...more } };
    }
    const primary = key.primary > 0 && {
      primary: { name: `${name}/cryptoKeyVersions/${key.primary}`, state: 'ENABLED' },
    };
    return { status: 200, body: { name, purpose: key.purpose, ...primary } };
  }

  private encrypt(named: string, { plaintext = '', additionalAuthenticatedData = '' }: Asked): VendorReply {
    const [, name = '', asked] = /^(.*?)(?:\/cryptoKeyVersions\/(\d+))?$/.exec(named)!;
    const key = this.keys.get(name);
    const number = asked === undefined ? (key?.primary ?? 0) : Number(asked);
    const version = key?.versions[number - 1];
    if (!version) return this.error(404, 'NOT_FOUND', `CryptoKeyVersion ${named} not found.`);
    const problem = this.problemOf(`${name}/cryptoKeyVersions/${number}`, version.state);
    if (problem) return problem;
    const aad = Buffer.from(additionalAuthenticatedData, 'base64');
    const box = sealBox(version.material, Buffer.from(plaintext, 'base64'), aad);
    const mark = Buffer.alloc(VERSION_BYTES);
    mark.writeUInt32BE(number);
    const ciphertext = Buffer.concat([mark, box]);
    return {
      status: 200,
      body: {
        name: `${name}/cryptoKeyVersions/${number}`,
        ciphertext: ciphertext.toString('base64'),
        ciphertextCrc32c: String(crc(ciphertext)),
        verifiedPlaintextCrc32c: true,
        verifiedAdditionalAuthenticatedDataCrc32c: true,
        protectionLevel: 'SOFTWARE',
      },
    };
  }

  private decrypt(name: string, { ciphertext = '', additionalAuthenticatedData = '' }: Asked): VendorReply {
    const key = this.keys.get(name);
    if (!key) return this.error(404, 'NOT_FOUND', `CryptoKey ${name} not found.`);
    const bytes = Buffer.from(ciphertext, 'base64');
    const number = bytes.length > VERSION_BYTES ? bytes.readUInt32BE() : 0;
    const version = key.versions[number - 1];
    const refused = this.error(
      400,
      'INVALID_ARGUMENT',
      'Decryption failed: verify that "name" refers to the correct CryptoKey.',
    );
    if (!version) return refused;
    const problem = this.problemOf(`${name}/cryptoKeyVersions/${number}`, version.state);
    if (problem) return problem;
    const aad = Buffer.from(additionalAuthenticatedData, 'base64');
    const plain = openBox(version.material, bytes.subarray(VERSION_BYTES), aad);
    if (!plain) return refused;
    const body = {
      plaintext: plain.toString('base64'),
      plaintextCrc32c: String(crc(plain)),
      usedPrimary: number === key.primary,
    };
    return { status: 200, body };
  }

  private problemOf(name: string, state: VersionState): VendorReply | undefined {
    if (state === 'ENABLED') return undefined;
    return this.error(400, 'FAILED_PRECONDITION', `${name} is not enabled, current state is: ${state}.`);
  }
}

function isIntact(asked: Asked): boolean {
  const pairs = [
    [asked.plaintext, asked.plaintextCrc32c],
    [asked.ciphertext, asked.ciphertextCrc32c],
    [asked.additionalAuthenticatedData, asked.additionalAuthenticatedDataCrc32c],
  ];
  return pairs.every(([bytes, sum]) => sum === undefined || crc(Buffer.from(bytes ?? '', 'base64')) === Number(sum));
}

/** Bit by bit, from the definition: not the table of what is tested. */
function crc(bytes: Uint8Array): number {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0x82f63b78 : 0);
  }
  return (sum ^ 0xffffffff) >>> 0;
}

function jsonOf(part: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(part, 'base64url').toString() || '{}') as Record<string, unknown>;
}
