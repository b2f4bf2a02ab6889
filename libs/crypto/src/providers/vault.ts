// The key service `vault`: master keys in the transit engine of HashiCorp Vault or OpenBao.
// https://developer.hashicorp.com/vault/api-docs/secret/transit
import { z } from 'zod';
import {
  type CallOptions,
  defineProvider,
  failure,
  type KeyContext,
  KeyService,
  type MasterKeyDescription,
  type WrappedKey,
} from '#ports';
import { HttpClient } from '#resilience';
import { lengthPrefixed } from '../length-prefixed.js';
import type { BearerToken } from './bearer-token.js';
import { Bounds, type CallSubject, dataKeyFrom, KeyServiceCalls } from './key-service-calls.js';
import { proven } from './proven.js';
import { VaultAuth, vaultHeaders, vaultToken } from './vault-credentials.js';
import { isForbidden, translated } from './vault-failures.js';

const PROVIDER = 'vault';
const MAX_REPLY_BYTES = 1024 ** 2;

// They take associated data, and are as strong as the keys that they wrap.
const KEY_TYPES = ['aes256-gcm96', 'chacha20-poly1305'];

const KeyName = z.string().regex(/^\w(?:[\w.-]{0,98}\w)?$/, 'must be the name of a key of the transit engine');
const Mount = z.string().regex(/^[\w-]+(?:\/[\w-]+)*$/, 'must be a path without slashes at its ends');

const Options = z.strictObject({
  address: z.url({ protocol: /^https?$/ }),
  /** The key whose latest version wraps. */
  key: KeyName,
  /** Keys used before: their versions unwrap, until they are named here no more. */
  formerKeys: z.array(KeyName).max(20).default([]),
  /** Where the transit engine is mounted. */
  mount: Mount.default('transit'),
  namespace: z
    .string()
    .regex(/^[\w./-]{1,200}$/)
    .optional(),
  auth: VaultAuth,
  ...Bounds,
});

const Encrypted = z.object({ data: z.object({ ciphertext: z.string().regex(/^\w+:v[1-9]\d{0,9}:.+$/) }) });
const Decrypted = z.object({ data: z.object({ plaintext: z.string() }) });
const Key = z.object({
  data: z.object({
    type: z.string(),
    derived: z.boolean().default(false),
    latest_version: z.int().min(1),
    min_decryption_version: z.int().min(0).default(1),
    min_available_version: z.int().min(0).default(0),
  }),
});

class Vault extends KeyService {
  readonly provider = PROVIDER;
  private readonly calls: KeyServiceCalls;
  private readonly http: HttpClient;
  private readonly token: BearerToken;
  private readonly known: ReadonlySet<string>;

  constructor(private readonly options: z.output<typeof Options>) {
    super();
    const { address, key, formerKeys, auth, namespace } = options;
    this.calls = new KeyServiceCalls({ provider: PROVIDER, ...options, translate: translated });
    this.http = new HttpClient({ target: PROVIDER, baseUrl: address, maxReplyBytes: MAX_REPLY_BYTES });
    this.token = vaultToken(auth, this.http, namespace);
    this.known = new Set([key, ...formerKeys]);
  }

  async keys(options: CallOptions = {}): Promise<MasterKeyDescription[]> {
    const lists = await Promise.all([...this.known].map((name) => this.versionsOf(name, options)));
    return lists.flat();
  }

  /** @throws Failure `crypto.key_service_refused` where the key takes no associated data, or needs a context of its own. */
  async check(options: CallOptions): Promise<void> {
    const { type, derived } = await this.describe(this.options.key, options);
    if (KEY_TYPES.includes(type) && !derived) return;
    const reason = `the key is of type ${type}${derived ? ', derived' : ''}`;
    const fix = `Name one of type ${KEY_TYPES.join(' or ')} that is not derived.`;
    throw failure('crypto.key_service_refused', { provider: PROVIDER, reason, fix });
  }

  async wrap(
    key: Uint8Array,
    context: KeyContext,
    { masterKeyId, ...options }: CallOptions & { masterKeyId?: string } = {},
  ): Promise<WrappedKey> {
    const { name, version } = masterKeyId === undefined ? { name: this.options.key } : this.keyOf(masterKeyId);
    const plaintext = Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('base64');
    const json = { plaintext, associated_data: boundTo(context), ...(version && { key_version: version }) };
    const about = { operation: 'wrap', masterKeyId: masterKeyId ?? name } as const;
    const { ciphertext } = (await this.call(about, 'POST', `encrypt/${name}`, json, Encrypted, options)).data;
    return { masterKeyId: `${name}:v${versionOf(ciphertext)}`, wrapped: ciphertext };
  }

  async unwrap({ masterKeyId, wrapped }: WrappedKey, context: KeyContext, options: CallOptions = {}) {
    const { name, version } = this.keyOf(masterKeyId);
    // Vault finds the version in the text: a record that names another one was changed.
    if (versionOf(wrapped) !== version) throw failure('crypto.unwrap_refused', { provider: PROVIDER });
    const json = { ciphertext: wrapped, associated_data: boundTo(context) };
    const about = { operation: 'unwrap', masterKeyId } as const;
    const { plaintext } = (await this.call(about, 'POST', `decrypt/${name}`, json, Decrypted, options)).data;
    return dataKeyFrom(Buffer.from(plaintext, 'base64'), PROVIDER);
  }

  async close(): Promise<void> {
    this.calls.close();
    await this.http.close();
  }

  /** A stored record does not choose which key of the engine is used. */
  private keyOf(masterKeyId: string): { name: string; version: number } {
    const [, name = '', version] = /^(.+):v([1-9]\d{0,9})$/.exec(masterKeyId) ?? [];
    if (!this.known.has(name)) throw failure('crypto.key_unknown', { keyId: masterKeyId });
    return { name, version: Number(version) };
  }

  private async versionsOf(name: string, options: CallOptions): Promise<MasterKeyDescription[]> {
    const { latest_version, min_decryption_version, min_available_version } = await this.describe(name, options);
    const first = Math.max(1, min_available_version); // What is below was trimmed away for good.
    return Array.from({ length: latest_version - first + 1 }, (_, index) => {
      const version = first + index;
      const current = name === this.options.key && version === latest_version;
      const state = version < min_decryption_version ? 'disabled' : current ? 'current' : 'former';
      return { masterKeyId: `${name}:v${version}`, state };
    });
  }

  private async describe(name: string, options: CallOptions) {
    const about = { operation: 'keys', masterKeyId: name } as const;
    return (await this.call(about, 'GET', `keys/${name}`, undefined, Key, options)).data;
  }

  private call<T>(
    about: CallSubject,
    method: 'GET' | 'POST',
    operation: string,
    json: object | undefined,
    reply: z.ZodType<T>,
    options: CallOptions,
  ): Promise<T> {
    const { mount, namespace } = this.options;
    const path = `/v1/${mount}/${operation}`;
    return this.calls.run(about, options, (signal) =>
      this.token.use(async (token) => {
        const headers = vaultHeaders(namespace, token);
        return (await this.http.request({ method, path, json, headers, signal, reply })).body;
      }, isForbidden),
    );
  }
}

function boundTo({ tenant, dataKeyId }: KeyContext): string {
  return lengthPrefixed(['resk-caching wrapped key v1', tenant, dataKeyId]).toString('base64');
}

/** `vault:v3:…`; OpenBao and keys with a template of their own may begin otherwise. */
function versionOf(ciphertext: string): number | undefined {
  const version = /^\w+:v([1-9]\d{0,9}):/.exec(ciphertext)?.[1];
  return version === undefined ? undefined : Number(version);
}

export default defineProvider({
  family: 'key-service',
  name: PROVIDER,
  options: Options,
  async open(options: z.output<typeof Options>, context) {
    const service = new Vault(options);
    return proven(service, context, () => service.check(context));
  },
});
