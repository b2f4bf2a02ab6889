// Gives the failures of AWS KMS and of its SDK their meaning here.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html#API_Decrypt_Errors and CommonErrors.html
import { type Failure, failure, isFailure } from '#ports';
import { type CallSubject, unavailable } from './key-service-calls.js';

const PROVIDER = 'aws-kms';

/** The fields of an error of the SDK that are used. */
interface SdkError {
  name: string;
  code?: string;
  message?: string;
  $metadata?: { httpStatusCode?: number; clockSkewCorrected?: boolean };
  $retryable?: { throttling?: boolean };
}

const UNAUTHORISED = new Set([
  'AccessDeniedException',
  'CredentialsProviderError',
  'ExpiredTokenException',
  'IncompleteSignature',
  'IncompleteSignatureException',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'MissingAuthenticationTokenException',
  'NotAuthorized',
  'OptInRequired',
  'TokenProviderError',
  'UnrecognizedClientException',
]);

const THROTTLED = new Set(['ThrottlingException', 'Throttling', 'LimitExceededException', 'RequestLimitExceeded']);

// A blob that was changed, an encryption context other than the one it was made with, or a blob of another key.
const REFUSED = new Set(['InvalidCiphertextException', 'IncorrectKeyException']);

// https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html: disabled, to be deleted, without key material.
const DISABLED = new Set(['DisabledException', 'KMSInvalidStateException']);

const UNKNOWN = new Set(['NotFoundException', 'InvalidArnException']);

/** Translates a failed call, once. */
export function translated(error: unknown, { operation, masterKeyId }: CallSubject): unknown {
  if (isFailure(error) || !(error instanceof Error)) return error;
  const said: SdkError = error;
  // The SDK has noted how far the clock of this machine is off: the next attempt is signed with the right time.
  if (said.$metadata?.clockSkewCorrected) return unavailable(PROVIDER, 'the clocks differ', { cause: error });
  // ValidationException: what was stored has not even the form of a blob.
  const refused = REFUSED.has(said.name) || (operation === 'unwrap' && said.name === 'ValidationException');
  if (refused) return failure('crypto.unwrap_refused', { provider: PROVIDER }, { cause: error });
  if (DISABLED.has(said.name)) return failure('crypto.key_disabled', { masterKeyId }, { cause: error });
  if (UNKNOWN.has(said.name)) return failure('crypto.key_unknown', { keyId: masterKeyId }, { cause: error });
  if (UNAUTHORISED.has(said.name)) return unauthorised(error);
  if (said.message === 'Region is missing') return withoutRegion(error);
  if (said.name === 'InvalidKeyUsageException' || said.name === 'ValidationException') return misused(error);
  const reason = THROTTLED.has(said.name) || said.$retryable?.throttling ? 'throttled' : reasonOf(said);
  return unavailable(PROVIDER, reason, { cause: error });
}

function unauthorised(cause: Error): Failure {
  const fix = `It said ${cause.name}. Check the credentials of this machine, and the rights kms:DescribeKey, kms:Encrypt and kms:Decrypt to the key.`;
  return failure('crypto.key_service_unauthorised', { provider: PROVIDER, fix }, { cause });
}

function withoutRegion(cause: Error): Failure {
  const fix = 'Set the option region of KEY_SERVICE_OPTIONS, or AWS_REGION.';
  return failure('crypto.key_service_refused', { provider: PROVIDER, reason: 'no region is set', fix }, { cause });
}

function misused(cause: Error): Failure {
  const facts = { provider: PROVIDER, reason: `it said ${cause.name}`, fix: 'Check KEY_SERVICE_OPTIONS.' };
  return failure('crypto.key_service_refused', facts, { cause });
}

/** A name of a closed form, never the vendor's message: that may quote what was sent. */
function reasonOf({ name, code, $metadata }: SdkError): string {
  if (code !== undefined && /^[A-Z_]{3,40}$/.test(code)) return code;
  return $metadata?.httpStatusCode === undefined ? name : `status ${$metadata.httpStatusCode}, ${name}`;
}
