// Gets tokens of Vault: one that was given, one from a file that an agent keeps fresh, or by a Kubernetes service account.
import { z } from 'zod';
import { failure, Secret } from '#ports';
import type { HttpClient } from '#resilience';
import { BearerToken, type Grant } from './bearer-token.js';
import { credentialFile } from './credential-file.js';
import { refusalIn } from './key-service-calls.js';

const PROVIDER = 'vault';

/** Where Kubernetes puts the token of a pod's service account. */
const POD_TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/** A file is read again so often: whoever writes it knows how long its token is good, and does not tell. */
const FILE_MS = 60_000;

export const VaultAuth = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('token'),
    token: z
      .string()
      .min(1)
      .transform((token) => new Secret(token)),
  }),
  z.strictObject({ kind: z.literal('token-file'), file: z.string().min(1) }),
  z.strictObject({
    kind: z.literal('kubernetes'),
    role: z.string().regex(/^[\w.-]{1,128}$/),
    /** Where the Kubernetes auth method is mounted. */
    mount: z
      .string()
      .regex(/^[\w-]+(?:\/[\w-]+)*$/)
      .default('kubernetes'),
    file: z.string().min(1).default(POD_TOKEN),
  }),
]);

type Auth = z.output<typeof VaultAuth>;

const Login = z.object({ auth: z.object({ client_token: z.string().min(1), lease_duration: z.number().min(0) }) });

export function vaultToken(auth: Auth, http: HttpClient, namespace: string | undefined): BearerToken {
  return new BearerToken(async (signal) => {
    if (auth.kind === 'token') return { token: auth.token, goodForMs: Number.POSITIVE_INFINITY };
    const text = await credentialFile(auth.file, { provider: PROVIDER, option: 'auth.file' });
    if (auth.kind === 'token-file') return { token: new Secret(text), goodForMs: FILE_MS };
    return login(auth, text, http, { namespace, signal });
  });
}

/** `x-vault-request` is demanded by agents and proxies that guard against requests made through a browser. */
export function vaultHeaders(namespace: string | undefined, token?: Secret): Record<string, string | Secret> {
  return {
    'x-vault-request': 'true',
    ...(token && { 'x-vault-token': token }),
    ...(namespace !== undefined && { 'x-vault-namespace': namespace }),
  };
}

/** https://developer.hashicorp.com/vault/api-docs/auth/kubernetes#login */
async function login(
  { role, mount }: Extract<Auth, { kind: 'kubernetes' }>,
  jwt: string,
  http: HttpClient,
  { namespace, signal }: { namespace: string | undefined; signal: AbortSignal },
): Promise<Grant> {
  const path = `/v1/auth/${mount}/login`;
  const headers = vaultHeaders(namespace);
  const call = { method: 'POST', path, json: { role, jwt }, headers, signal, reply: Login } as const;
  const { body } = await http.request(call).catch((error: unknown) => {
    throw signal.aborted ? failure('call.failed', { target: PROVIDER, reason: 'no token' }) : untold(error);
  });
  const { client_token, lease_duration } = body.auth;
  // 0 is a token that does not end.
  return { token: new Secret(client_token), goodForMs: lease_duration * 1000 || Number.POSITIVE_INFINITY };
}

/** A refusal that stays one until somebody acts; the others pass by themselves and are left as they are. */
function untold(error: unknown): unknown {
  const refusal = refusalIn(error);
  if (!refusal || refusal.passing) return error;
  const fix = `Its login said ${refusal.status}. Check the option auth of KEY_SERVICE_OPTIONS, and the role there.`;
  return failure('crypto.key_service_unauthorised', { provider: PROVIDER, fix }, { cause: error });
}
