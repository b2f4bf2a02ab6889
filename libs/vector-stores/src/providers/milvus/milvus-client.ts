// Sends one request to Milvus's REST API and reads its envelope.
import { z } from 'zod';
import { type CallOptions, failure, Secret } from '#ports';
import { HttpClient } from '#resilience';
import { MilvusRefusal, PROVIDER } from './milvus-failures.js';

/** A page of vectors of many dimensions, as decimal numbers. */
const MAX_REPLY_BYTES = 128 * 1024 ** 2;

/** Success was 200 in the first releases of this API, and is 0 in those since. */
const SUCCESS: readonly number[] = [0, 200];

const Envelope = z.object({ code: z.number(), data: z.unknown().optional() });

export interface MilvusAddress {
  url: string;
  apiKey?: Secret | undefined;
}

export class MilvusClient {
  private readonly http: HttpClient;

  constructor({ url, apiKey }: MilvusAddress) {
    const authorization = apiKey && { authorization: new Secret(`Bearer ${apiKey.reveal()}`) };
    this.http = new HttpClient({
      target: PROVIDER,
      baseUrl: `${url.replace(/\/+$/, '')}/v2/vectordb`,
      // Without it, 64-bit integers come as texts.
      headers: { 'accept-type-allow-int64': 'true', ...authorization },
      maxReplyBytes: MAX_REPLY_BYTES,
    });
  }

  /** @throws MilvusRefusal, or a failure of the call that is yet to be translated */
  async call<T>(path: string, json: object, data: z.ZodType<T>, { signal }: CallOptions = {}): Promise<T> {
    const { body } = await this.http.request({ method: 'POST', path, json, signal, reply: Envelope });
    if (!SUCCESS.includes(body.code)) throw new MilvusRefusal(body.code);
    const read = data.safeParse(body.data);
    if (read.success) return read.data;
    const at = ['data', ...(read.error.issues[0]?.path ?? [])].join('.');
    throw failure('vector.reply_invalid', { provider: PROVIDER, reason: `unexpected ${at}` });
  }

  async close(): Promise<void> {
    await this.http.close();
  }
}
