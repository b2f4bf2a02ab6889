// Verifies AWS Signature Version 4 by the vendor's own rules: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { VendorRequest } from './loopback-vendor.js';

export interface AwsCredentials {
  accessKeyId: string;
  secretAccessKey: string;
}

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([\w-]+)\/([\w-]+)\/aws4_request, ?SignedHeaders=([\w;-]+), ?Signature=([0-9a-f]{64})$/;

// What must be signed, so that a signature is of no use for another call.
const MUST_BE_SIGNED = ['content-type', 'host', 'x-amz-date', 'x-amz-target'];

/** Whether the request is signed with the secret, for this region and service. Paths and queries are those of JSON services: `/`. */
export function isSigned(
  request: VendorRequest,
  { accessKeyId, secretAccessKey }: AwsCredentials,
  region: string,
): boolean {
  const [, keyId, day, where, service, names = '', signature = ''] =
    AUTHORIZATION.exec(request.headers.authorization ?? '') ?? [];
  const at = String(request.headers['x-amz-date']);
  const signed = names.split(';');
  if (keyId !== accessKeyId || where !== region || service !== 'kms' || !at.startsWith(day ?? ' ')) return false;
  if (!MUST_BE_SIGNED.every((name) => signed.includes(name))) return false;
  const headers = signed.map((name) => `${name}:${String(request.headers[name]).trim()}\n`).join('');
  const canonical = [request.method, '/', '', headers, names, sha256(request.body)].join('\n');
  const scope = `${day}/${region}/${service}/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', at, scope, sha256(canonical)].join('\n');
  const key = [day!, region, service, 'aws4_request'].reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`);
  return timingSafeEqual(hmac(key, text), Buffer.from(signature, 'hex'));
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
