// Gives the failures of Cloud KMS their meaning here: a status of HTTP and one of google.rpc.Code.
// https://cloud.google.com/apis/design/errors
import { type Failure, failure } from '#ports';
import { type CallSubject, refusalIn, unavailable } from './key-service-calls.js';

const PROVIDER = 'gcp-kms';

/** Whether the token was refused, rather than what it was used for. */
export function isUnauthenticated(error: unknown): boolean {
  return refusalIn(error)?.status === 401;
}

/** Translates a failed call, once. */
export function translated(error: unknown, { operation, masterKeyId }: CallSubject): unknown {
  const refusal = refusalIn(error);
  if (!refusal) return error;
  const { code, message } = said(refusal.body);
  // Not passing by its status, and yet it is: what arrived there is not what was sent.
  if (code === 'INVALID_ARGUMENT' && /crc32c|checksum/i.test(message))
    return unavailable(PROVIDER, 'a checksum differs');
  switch (refusal.status) {
    case 400:
      if (code === 'FAILED_PRECONDITION') return failure('crypto.key_disabled', { masterKeyId }, { cause: error });
      if (operation === 'unwrap') return failure('crypto.unwrap_refused', { provider: PROVIDER }, { cause: error });
      return refused(error, refusal.status, code);
    case 401:
    case 403:
      return unauthorised(error, refusal.status, code);
    case 404:
      return failure('crypto.key_unknown', { keyId: masterKeyId }, { cause: error });
    case 429:
      return unavailable(PROVIDER, 'throttled', { cause: error });
    default:
      return error;
  }
}

function unauthorised(cause: unknown, status: number, code: string): Failure {
  const roles = 'roles/cloudkms.cryptoKeyEncrypterDecrypter and roles/cloudkms.viewer';
  const fix = `It said ${status} ${code}. Check the option auth of KEY_SERVICE_OPTIONS, and the roles to the key: ${roles}.`;
  return failure('crypto.key_service_unauthorised', { provider: PROVIDER, fix }, { cause });
}

function refused(cause: unknown, status: number, code: string): Failure {
  const facts = { provider: PROVIDER, reason: `it said ${status} ${code}`, fix: 'Check KEY_SERVICE_OPTIONS.' };
  return failure('crypto.key_service_refused', facts, { cause });
}

/** `{"error": {"status": "NOT_FOUND", "message": …}}`, unless a proxy in between has answered. */
function said(body: string): { code: string; message: string } {
  const { status, message } = (errorIn(body) ?? {}) as { status?: unknown; message?: unknown };
  const code = typeof status === 'string' && /^\w{1,40}$/.test(status) ? status : '';
  return { code, message: typeof message === 'string' ? message : '' };
}

function errorIn(body: string): unknown {
  try {
    return (JSON.parse(body) as { error?: unknown } | null)?.error;
  } catch {
    return undefined;
  }
}
