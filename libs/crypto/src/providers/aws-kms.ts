// The key service `aws-kms`: master keys in AWS KMS, through AWS's own SDK, under the credentials that the SDK finds.
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { KMSClient, KMSClientConfig } from '@aws-sdk/client-kms';
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
import { outgoingRules } from '#resilience';
import { translated } from './aws-kms-failures.js';
import { Bounds, type CallSubject, dataKeyFrom, KeyServiceCalls, unavailable } from './key-service-calls.js';
import { proven } from './proven.js';

const PROVIDER = 'aws-kms';
const PACKAGE = '@aws-sdk/client-kms';
const CONNECT_LIMIT_MS = 3000;

const KeyRef = z.string().regex(/^[A-Za-z0-9_/:.@-]{1,300}$/, 'must be a key id, an ARN or an alias');

const Options = z.strictObject({
  /** The key that wraps: its id, its ARN, or `alias/name`. */
  keyId: KeyRef,
  /** Keys used before: they unwrap, until they are named here no more. */
  formerKeyIds: z.array(KeyRef).max(20).default([]),
  region: z
    .string()
    .regex(/^[a-z]{2}(-[a-z]+)+-\d$/)
    .optional(),
  /** Instead of AWS's own address, e.g. of a VPC endpoint. */
  endpoint: z.url({ protocol: /^https?$/ }).optional(),
  ...Bounds,
});

type Sdk = typeof import('@aws-sdk/client-kms');

class AwsKms extends KeyService {
  readonly provider = PROVIDER;
  private readonly calls: KeyServiceCalls;
  /** What the operator wrote of each key, by its ARN; the current one first. Settled once, when the service is opened. */
  private readonly named = new Map<string, string>();

  constructor(
    private readonly sdk: Sdk,
    private readonly client: KMSClient,
    private readonly options: z.output<typeof Options>,
  ) {
    super();
    this.calls = new KeyServiceCalls({ provider: PROVIDER, ...options, translate: translated });
  }

  /** Finds the ARN behind each id and alias: an alias that is moved later changes nothing until the next start. */
  async settle(options: CallOptions): Promise<void> {
    const { keyId, formerKeyIds } = this.options;
    for (const written of [keyId, ...formerKeyIds]) {
      const found = await this.describe(written, options);
      if (found.KeySpec !== 'SYMMETRIC_DEFAULT' || found.KeyUsage !== 'ENCRYPT_DECRYPT') {
        const reason = `the key ${written} is of kind ${found.KeySpec}, for ${found.KeyUsage}`;
        const fix = 'Name a symmetric key for encryption.';
        throw failure('crypto.key_service_refused', { provider: PROVIDER, reason, fix });
      }
      if (!this.named.has(found.Arn)) this.named.set(found.Arn, written);
    }
  }

  async keys(options: CallOptions = {}): Promise<MasterKeyDescription[]> {
    const arns = [...this.named.keys()];
    const found = await Promise.all(arns.map((arn) => this.describe(arn, options)));
    return found.map(({ Arn, KeyState }, index) => ({
      masterKeyId: Arn,
      state: KeyState !== 'Enabled' ? 'disabled' : index === 0 ? 'current' : 'former',
    }));
  }

  async wrap(
    key: Uint8Array,
    context: KeyContext,
    { masterKeyId = this.currentArn, ...options }: CallOptions & { masterKeyId?: string } = {},
  ): Promise<WrappedKey> {
    const blob = await this.use('wrap', masterKeyId, options, async (abortSignal) => {
      const asked = { KeyId: masterKeyId, Plaintext: key, EncryptionContext: contextOf(context) };
      return (await this.client.send(new this.sdk.EncryptCommand(asked), { abortSignal })).CiphertextBlob;
    });
    return { masterKeyId, wrapped: Buffer.from(blob).toString('base64') };
  }

  async unwrap({ masterKeyId, wrapped }: WrappedKey, context: KeyContext, options: CallOptions = {}) {
    const CiphertextBlob = Uint8Array.from(Buffer.from(wrapped, 'base64'));
    const bytes = await this.use('unwrap', masterKeyId, options, async (abortSignal) => {
      // KMS reads the key from the blob unless it is told: the one noted with the wrapped key is the only one that may open it.
      const asked = { KeyId: masterKeyId, CiphertextBlob, EncryptionContext: contextOf(context) };
      return (await this.client.send(new this.sdk.DecryptCommand(asked), { abortSignal })).Plaintext;
    });
    return dataKeyFrom(bytes, PROVIDER);
  }

  async close(): Promise<void> {
    this.calls.close();
    this.client.destroy();
  }

  private get currentArn(): string {
    return this.named.keys().next().value!;
  }

  private describe(keyId: string, options: CallOptions) {
    return this.ask({ operation: 'keys', masterKeyId: keyId }, options, async (abortSignal) => {
      const command = new this.sdk.DescribeKeyCommand({ KeyId: keyId });
      const { KeyMetadata: found } = await this.client.send(command, { abortSignal });
      return found?.Arn === undefined ? undefined : { ...found, Arn: found.Arn };
    });
  }

  private async use<T>(
    operation: 'wrap' | 'unwrap',
    masterKeyId: string,
    options: CallOptions,
    call: (signal: AbortSignal) => Promise<T | undefined>,
  ): Promise<T> {
    // A stored record does not choose which key of the account is used.
    if (!this.named.has(masterKeyId)) throw failure('crypto.key_unknown', { keyId: masterKeyId });
    return this.ask({ operation, masterKeyId }, options, call);
  }

  /** To the SDK every field of a reply is optional. */
  private ask<T>(about: CallSubject, options: CallOptions, call: (signal: AbortSignal) => Promise<T | undefined>) {
    return this.calls.run(about, options, async (signal) => {
      const given = await call(signal);
      if (given === undefined) throw unavailable(PROVIDER, 'a reply without what was asked for');
      return given;
    });
  }
}

/** Written to CloudTrail in clear text: the names of tenants and data keys, nothing else. */
function contextOf({ tenant, dataKeyId }: KeyContext): Record<string, string> {
  return { tenant, dataKeyId };
}

function clientOf(sdk: Sdk, { region, endpoint, timeoutMs }: z.output<typeof Options>): KMSClient {
  const config: KMSClientConfig = {
    // Attempts, pauses and the breaker are ours, so that a call is not repeated by two.
    maxAttempts: 1,
    requestHandler: {
      connectionTimeout: Math.min(CONNECT_LIMIT_MS, timeoutMs),
      requestTimeout: timeoutMs,
      ...(endpoint !== undefined && agentsFor(endpoint)),
    },
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint }),
  };
  return new sdk.KMSClient(config);
}

/** An address that a setting names is held to the rules of outgoing calls; AWS's own are the SDK's. */
function agentsFor(endpoint: string) {
  const url = new URL(endpoint);
  const rules = outgoingRules();
  rules.check(url);
  const options = { keepAlive: true, lookup: rules.lookup(url) };
  return url.protocol === 'https:' ? { httpsAgent: new HttpsAgent(options) } : { httpAgent: new HttpAgent(options) };
}

/** @throws Failure `crypto.key_service_refused` where the package is not installed. */
export async function awsSdk(importSdk: () => Promise<Sdk> = () => import(PACKAGE)): Promise<Sdk> {
  return importSdk().catch((cause: unknown) => {
    const facts = {
      provider: PROVIDER,
      reason: `the package ${PACKAGE} is not installed`,
      fix: `Run: npm install ${PACKAGE}`,
    };
    throw failure('crypto.key_service_refused', facts, { cause });
  });
}

export default defineProvider({
  family: 'key-service',
  name: PROVIDER,
  options: Options,
  async open(options: z.output<typeof Options>, context) {
    const sdk = await awsSdk();
    const service = new AwsKms(sdk, clientOf(sdk, options), options);
    return proven(service, context, () => service.settle(context));
  },
});
