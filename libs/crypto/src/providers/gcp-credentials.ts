// Gets access tokens of Google Cloud: of this machine, for a service account's key, or from a file that others keep fresh.
import { sign } from 'node:crypto';
import { z } from 'zod';
import { failure, Secret } from '#ports';
import { HttpClient } from '#resilience';
import { BearerToken, type Grant } from './bearer-token.js';
import { credentialFile } from './credential-file.js';
import { refusalIn } from './key-service-calls.js';

const PROVIDER = 'gcp-kms';
const SCOPE = 'https://www.googleapis.com/auth/cloudkms';
const METADATA_HOST = 'metadata.google.internal';
const MAX_REPLY_BYTES = 65_536;

/** The longest life that Google gives an assertion: https://developers.google.com/identity/protocols/oauth2/service-account */
const ASSERTION_SECONDS = 3600;

/** A file is read again so often: whoever writes it knows how long its token is good, and does not tell. */
const FILE_MS = 60_000;

/** How access tokens are got. Unset: from the metadata server of the machine, as on GCE, GKE and Cloud Run. */
export const GcpAuth = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('metadata'),
      account: z
        .string()
        .regex(/^[\w.@-]{1,100}$/)
        .default('default'),
      url: z.url({ protocol: /^https?$/ }).default(`http://${METADATA_HOST}`),
    }),
    z.strictObject({ kind: z.literal('service-account'), file: z.string().min(1) }),
    z.strictObject({ kind: z.literal('token-file'), file: z.string().min(1) }),
  ])
  .prefault({ kind: 'metadata' });

type Auth = z.output<typeof GcpAuth>;

/** The fields of the key of a service account that are used. */
const AccountKey = z.object({
  client_email: z.string().min(3),
  private_key_id: z.string().optional(),
  private_key: z.string().min(1),
  token_uri: z.url({ protocol: /^https?$/ }).default('https://oauth2.googleapis.com/token'),
});

const TokenReply = z.object({ access_token: z.string().min(1), expires_in: z.number().min(0) });

export function gcpToken(auth: Auth, now: () => number = Date.now): BearerToken {
  const ways = {
    metadata: (signal: AbortSignal) => fromMetadata(auth as Extract<Auth, { kind: 'metadata' }>, signal),
    'service-account': (signal: AbortSignal) => fromAccount((auth as { file: string }).file, now(), signal),
    'token-file': () => fromFile((auth as { file: string }).file),
  };
  return new BearerToken(ways[auth.kind], now);
}

/** https://cloud.google.com/compute/docs/access/authenticate-workloads */
async function fromMetadata({ account, url }: Extract<Auth, { kind: 'metadata' }>, signal: AbortSignal) {
  const path = `/computeMetadata/v1/instance/service-accounts/${account}/token`;
  return granted('metadata server', url, signal, (http) =>
    http.request({ method: 'GET', path, headers: { 'metadata-flavor': 'Google' }, signal, reply: TokenReply }),
  );
}

async function fromAccount(file: string, nowMs: number, signal: AbortSignal): Promise<Grant> {
  const key = accountKey(await credentialFile(file, { provider: PROVIDER, option: 'auth.file' }));
  const form = { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: assertion(key, nowMs) };
  const { origin, pathname } = new URL(key.token_uri);
  return granted('token endpoint', origin, signal, (http) =>
    http.request({ method: 'POST', path: pathname, form, signal, reply: TokenReply }),
  );
}

async function fromFile(file: string): Promise<Grant> {
  const token = new Secret(await credentialFile(file, { provider: PROVIDER, option: 'auth.file' }));
  return { token, goodForMs: FILE_MS };
}

async function granted(
  target: string,
  baseUrl: string,
  signal: AbortSignal,
  ask: (http: HttpClient) => Promise<{ body: z.output<typeof TokenReply> }>,
): Promise<Grant> {
  // A token an hour: a connection is not worth being kept.
  const allowedHosts = baseUrl === `http://${METADATA_HOST}` ? [METADATA_HOST] : [];
  const http = new HttpClient({ target, baseUrl, maxReplyBytes: MAX_REPLY_BYTES, allowedHosts });
  try {
    const { body } = await ask(http);
    return { token: new Secret(body.access_token), goodForMs: body.expires_in * 1000 };
  } catch (error) {
    throw signal.aborted
      ? failure('call.failed', { target, reason: `no token from the ${target}` })
      : untold(error, target);
  } finally {
    await http.close();
  }
}

/** A refusal that stays one until somebody acts; the others pass by themselves and are left as they are. */
function untold(error: unknown, target: string): unknown {
  const refusal = refusalIn(error);
  if (!refusal || refusal.passing) return error;
  const fix = `The ${target} said ${refusal.status}. Check the option auth of KEY_SERVICE_OPTIONS.`;
  return failure('crypto.key_service_unauthorised', { provider: PROVIDER, fix }, { cause: error });
}

function accountKey(text: string): z.output<typeof AccountKey> {
  const read = AccountKey.safeParse(jsonOf(text));
  if (read.success) return read.data;
  const fix = 'Name a file that was made by: gcloud iam service-accounts keys create';
  const reason = 'the file of auth.file is not the key of a service account';
  throw failure('crypto.key_service_refused', { provider: PROVIDER, reason, fix });
}

/** https://developers.google.com/identity/protocols/oauth2/service-account#authorizingrequests */
function assertion(
  { client_email, private_key_id, private_key, token_uri }: z.output<typeof AccountKey>,
  nowMs: number,
) {
  const issuedAt = Math.floor(nowMs / 1000);
  const header = { alg: 'RS256', typ: 'JWT', ...(private_key_id !== undefined && { kid: private_key_id }) };
  const claims = { iss: client_email, scope: SCOPE, aud: token_uri, iat: issuedAt, exp: issuedAt + ASSERTION_SECONDS };
  const signed = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  try {
    return `${signed}.${sign('sha256', Buffer.from(signed), private_key).toString('base64url')}`;
  } catch {
    // The error of OpenSSL is not kept: it may quote the key.
    const reason = 'the private key of the service account cannot be used';
    const fix = 'Make a new one: gcloud iam service-accounts keys create';
    throw failure('crypto.key_service_refused', { provider: PROVIDER, reason, fix });
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
