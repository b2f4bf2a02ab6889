// Fetches an issuer's key set, from a URL that is configured or that the issuer's own document names.
import { z } from 'zod';
import { failure } from '#ports';
import { HttpClient, Protection } from '#resilience';
import { keySetSchema } from './published-keys.js';

export type KeySet = z.infer<typeof keySetSchema>;

/** Where a key set stands: at a URL, or where the issuer's discovery document says. */
export type KeySetPlace = { readonly url: string } | { readonly issuer: string };

const TARGET = 'token-issuer';
const MAX_REPLY_BYTES = 256 * 1024;

/** OpenID Connect Discovery 1.0 §3: the members that are used. */
const discoverySchema = z.object({ issuer: z.string(), jwks_uri: z.url({ protocol: /^https?$/ }) });

export class IssuerDocuments {
  private readonly protection: Protection;
  private readonly clients = new Map<string, HttpClient>();

  /** `timeoutMs` is the limit of one attempt; there are two. */
  constructor(
    private readonly place: KeySetPlace,
    timeoutMs: number,
  ) {
    this.protection = new Protection({
      target: TARGET,
      family: 'token-issuer',
      provider: 'jwks',
      timeoutMs,
      retries: 1,
      backoffMs: 200,
      maxBackoffMs: 1000,
      concurrency: 1,
      queue: 1,
    });
  }

  /** Fails with `call.*`. At most 256 KiB and 100 keys are read; redirects are not followed. */
  keySet(): Promise<KeySet> {
    return this.protection.run('keys', async (signal) => {
      const url = 'url' in this.place ? this.place.url : await this.discovered(this.place.issuer, signal);
      return this.get(url, keySetSchema, signal);
    });
  }

  /** May be called twice. */
  async close(): Promise<void> {
    this.protection.close();
    for (const client of this.clients.values()) await client.close();
  }

  private async discovered(issuer: string, signal: AbortSignal): Promise<string> {
    const found = await this.get(
      `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`,
      discoverySchema,
      signal,
    );
    // §4.3: must be identical, or one issuer could speak for another.
    if (found.issuer !== issuer) throw invalid('another issuer');
    if (found.jwks_uri.startsWith('http:') && !issuer.startsWith('http:')) throw invalid('a jwks_uri without TLS');
    return found.jwks_uri;
  }

  private async get<T>(address: string, reply: z.ZodType<T>, signal: AbortSignal): Promise<T> {
    const { origin, pathname, search } = new URL(address);
    let client = this.clients.get(origin);
    if (!client) {
      client = new HttpClient({ target: TARGET, baseUrl: origin, maxReplyBytes: MAX_REPLY_BYTES });
      this.clients.set(origin, client);
    }
    return (await client.request({ method: 'GET', path: pathname + search, reply, signal })).body;
  }
}

function invalid(reason: string) {
  return failure('call.reply_invalid', { target: TARGET, reason });
}
