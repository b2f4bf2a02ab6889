// The key service `gcp-kms`: master keys in Google Cloud KMS, by its REST API, with checksums both ways.
// https://cloud.google.com/kms/docs/reference/rest/v1/projects.locations.keyRings.cryptoKeys/encrypt
import { z } from 'zod';
import {
  type CallOptions,
  defineProvider,
  failure,
  type KeyContext,
  KeyService,
  type MasterKeyDescription,
  type Secret,
  type WrappedKey,
} from '#ports';
import { HttpClient } from '#resilience';
import { lengthPrefixed } from '../length-prefixed.js';
import type { BearerToken } from './bearer-token.js';
import { crc32c } from './crc32c.js';
import { GcpAuth, gcpToken } from './gcp-credentials.js';
import { isUnauthenticated, translated } from './gcp-kms-failures.js';
import { Bounds, type CallSubject, dataKeyFrom, KeyServiceCalls, unavailable } from './key-service-calls.js';
import { proven } from './proven.js';

const PROVIDER = 'gcp-kms';
const MAX_REPLY_BYTES = 1024 ** 2;
const MAX_PAGES = 20;

const CryptoKey = z
  .string()
  .regex(
    /^projects\/[a-z0-9:.-]{1,64}\/locations\/[a-z0-9-]{1,40}\/keyRings\/[\w-]{1,63}\/cryptoKeys\/[\w-]{1,63}$/,
    'must be projects/…/locations/…/keyRings/…/cryptoKeys/…, without a version',
  );

const Options = z.strictObject({
  /** The key whose primary version wraps. */
  key: CryptoKey,
  /** Keys used before: their versions unwrap, until they are named here no more. */
  formerKeys: z.array(CryptoKey).max(20).default([]),
  auth: GcpAuth,
  endpoint: z.url({ protocol: /^https?$/ }).default('https://cloudkms.googleapis.com'),
  ...Bounds,
});

// A number of 64 bits is written as text: https://protobuf.dev/programming-guides/json/
const Checksum = z.union([z.string(), z.number()]).transform(Number);

const Encrypted = z.object({
  name: z.string(),
  ciphertext: z.string(),
  ciphertextCrc32c: Checksum,
  verifiedPlaintextCrc32c: z.boolean().default(false),
  verifiedAdditionalAuthenticatedDataCrc32c: z.boolean().default(false),
});
// Empty bytes are left out of a reply.
const Decrypted = z.object({ plaintext: z.string().default(''), plaintextCrc32c: Checksum });
const Described = z.object({ purpose: z.string(), primary: z.object({ name: z.string() }).optional() });
const Versions = z.object({
  cryptoKeyVersions: z.array(z.object({ name: z.string(), state: z.string() })).default([]),
  nextPageToken: z.string().default(''),
});

class GcpKms extends KeyService {
  readonly provider = PROVIDER;
  private readonly calls: KeyServiceCalls;
  private readonly http: HttpClient;
  private readonly known: ReadonlySet<string>;

  constructor(
    private readonly options: z.output<typeof Options>,
    private readonly token: BearerToken,
  ) {
    super();
    const { endpoint, key, formerKeys } = options;
    this.calls = new KeyServiceCalls({ provider: PROVIDER, ...options, translate: translated });
    this.http = new HttpClient({ target: PROVIDER, baseUrl: endpoint, maxReplyBytes: MAX_REPLY_BYTES });
    this.known = new Set([key, ...formerKeys]);
  }

  async keys(options: CallOptions = {}): Promise<MasterKeyDescription[]> {
    const { primary } = await this.describe(options);
    const lists = await Promise.all([...this.known].map((key) => this.versionsOf(key, options)));
    return lists.flat().map(({ name, state }) => ({
      masterKeyId: name,
      state: state !== 'ENABLED' ? 'disabled' : name === primary?.name ? 'current' : 'former',
    }));
  }

  /** @throws Failure `crypto.key_service_refused` where the key is not for encryption, or has nothing to encrypt with. */
  async check(options: CallOptions): Promise<void> {
    const { purpose, primary } = await this.describe(options);
    const reason =
      purpose !== 'ENCRYPT_DECRYPT' ? `the key is for ${purpose}` : primary ? '' : 'it has no primary version';
    const fix = 'Name a symmetric key for encryption (ENCRYPT_DECRYPT) that has a primary version.';
    if (reason !== '') throw failure('crypto.key_service_refused', { provider: PROVIDER, reason, fix });
  }

  async wrap(
    key: Uint8Array,
    context: KeyContext,
    { masterKeyId, ...options }: CallOptions & { masterKeyId?: string } = {},
  ): Promise<WrappedKey> {
    const under = masterKeyId ?? this.options.key;
    if (masterKeyId !== undefined) this.keyOf(masterKeyId);
    const aad = boundTo(context);
    const json = { plaintext: base64(key), plaintextCrc32c: String(crc32c(key)), ...aad };
    const body = await this.post(
      { operation: 'wrap', masterKeyId: under },
      `${under}:encrypt`,
      json,
      Encrypted,
      options,
    );
    return { masterKeyId: body.name, wrapped: `${versionOf(body.name)}:${body.ciphertext}` };
  }

  async unwrap({ masterKeyId, wrapped }: WrappedKey, context: KeyContext, options: CallOptions = {}) {
    const key = this.keyOf(masterKeyId);
    // KMS finds the version by itself: a record that names another one than the text was changed.
    const [, version, ciphertext = ''] = /^(\d+):(.+)$/.exec(wrapped) ?? [];
    if (version !== versionOf(masterKeyId)) throw failure('crypto.unwrap_refused', { provider: PROVIDER });
    const sum = crc32c(Buffer.from(ciphertext, 'base64'));
    const json = { ciphertext, ciphertextCrc32c: String(sum), ...boundTo(context) };
    const body = await this.post({ operation: 'unwrap', masterKeyId }, `${key}:decrypt`, json, Decrypted, options);
    return dataKeyFrom(Buffer.from(body.plaintext, 'base64'), PROVIDER);
  }

  async close(): Promise<void> {
    this.calls.close();
    await this.http.close();
  }

  /** The configured key of a version. A stored record does not choose which key is used. */
  private keyOf(masterKeyId: string): string {
    const key = /^(.*)\/cryptoKeyVersions\/[1-9]\d{0,9}$/.exec(masterKeyId)?.[1];
    if (key === undefined || !this.known.has(key)) throw failure('crypto.key_unknown', { keyId: masterKeyId });
    return key;
  }

  private describe(options: CallOptions) {
    return this.call({ operation: 'keys', masterKeyId: this.options.key }, options, async (token, signal) => {
      const path = `/v1/${this.options.key}`;
      return (await this.http.request({ method: 'GET', path, headers: bearer(token), signal, reply: Described })).body;
    });
  }

  private async versionsOf(key: string, options: CallOptions) {
    const found: z.output<typeof Versions>['cryptoKeyVersions'] = [];
    let pageToken = '';
    for (let page = 0; page < MAX_PAGES; page++) {
      const query = { pageSize: 100, ...(pageToken !== '' && { pageToken }) };
      const path = `/v1/${key}/cryptoKeyVersions`;
      const { body } = await this.call({ operation: 'keys', masterKeyId: key }, options, (token, signal) =>
        this.http.request({ method: 'GET', path, query, headers: bearer(token), signal, reply: Versions }),
      );
      found.push(...body.cryptoKeyVersions);
      pageToken = body.nextPageToken;
      if (pageToken === '') break;
    }
    return found;
  }

  private post<T extends z.output<typeof Encrypted> | z.output<typeof Decrypted>>(
    about: CallSubject,
    name: string,
    json: object,
    reply: z.ZodType<T>,
    options: CallOptions,
  ): Promise<T> {
    return this.call(about, options, async (token, signal) => {
      const path = `/v1/${name}`;
      const { body } = await this.http.request({ method: 'POST', path, json, headers: bearer(token), signal, reply });
      if (!isIntact(body)) throw unavailable(PROVIDER, 'a checksum differs');
      return body;
    });
  }

  private call<T>(about: CallSubject, options: CallOptions, call: (token: Secret, signal: AbortSignal) => Promise<T>) {
    return this.calls.run(about, options, (signal) =>
      this.token.use((token) => call(token, signal), isUnauthenticated),
    );
  }
}

/** Whether what was sent arrived there as it left here, and what came arrived here as it left there. */
function isIntact(body: z.output<typeof Encrypted> | z.output<typeof Decrypted>): boolean {
  if ('plaintext' in body) return crc32c(Buffer.from(body.plaintext, 'base64')) === body.plaintextCrc32c;
  return (
    body.verifiedPlaintextCrc32c &&
    body.verifiedAdditionalAuthenticatedDataCrc32c &&
    crc32c(Buffer.from(body.ciphertext, 'base64')) === body.ciphertextCrc32c
  );
}

function boundTo({ tenant, dataKeyId }: KeyContext) {
  const aad = lengthPrefixed(['resk-caching wrapped key v1', tenant, dataKeyId]);
  return { additionalAuthenticatedData: base64(aad), additionalAuthenticatedDataCrc32c: String(crc32c(aad)) };
}

function versionOf(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

function bearer(token: Secret): Record<string, string> {
  return { authorization: `Bearer ${token.reveal()}` };
}

export default defineProvider({
  family: 'key-service',
  name: PROVIDER,
  options: Options,
  async open(options: z.output<typeof Options>, context) {
    const service = new GcpKms(options, gcpToken(options.auth));
    return proven(service, context, () => service.check(context));
  },
});
