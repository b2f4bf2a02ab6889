// A loopback server that speaks AWS KMS: JSON 1.1, Signature Version 4, encryption contexts, key states, and its errors.
// https://docs.aws.amazon.com/kms/latest/APIReference/Welcome.html
import { randomBytes, randomUUID } from 'node:crypto';
import { LoopbackVendor, type VendorReply, type VendorRequest } from './loopback-vendor.js';
import { openBox, sealBox } from './sealed-box.js';
import { type AwsCredentials, isSigned } from './signature-v4.js';

const REGION = 'eu-central-1';
const ARN_BYTES = 1;

interface KmsKey {
  Arn: string;
  KeyId: string;
  KeyState: 'Enabled' | 'Disabled' | 'PendingDeletion';
  KeySpec: string;
  KeyUsage: string;
  material: Buffer;
}

interface Asked {
  KeyId?: string;
  Plaintext?: string;
  CiphertextBlob?: string;
  EncryptionContext?: Record<string, string>;
}

export class AwsKmsDouble extends LoopbackVendor {
  readonly region = REGION;
  readonly credentials: AwsCredentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'a secret of the double' };
  private readonly keys: KmsKey[] = [];
  private readonly aliases = new Map<string, KmsKey>();

  static start(): Promise<AwsKmsDouble> {
    return new AwsKmsDouble().listen();
  }

  /** Makes a key, and gives its ARN. */
  makeKey(made: Partial<Pick<KmsKey, 'KeySpec' | 'KeyUsage'>> = {}): string {
    const KeyId = randomUUID();
    const Arn = `arn:aws:kms:${REGION}:111122223333:key/${KeyId}`;
    const kind = { KeySpec: 'SYMMETRIC_DEFAULT', KeyUsage: 'ENCRYPT_DECRYPT', ...made };
    this.keys.push({ Arn, KeyId, KeyState: 'Enabled', ...kind, material: randomBytes(32) });
    return Arn;
  }

  alias(name: string, arn: string): void {
    this.aliases.set(name, this.find(arn)!);
  }

  setState(arn: string, state: KmsKey['KeyState']): void {
    this.find(arn)!.KeyState = state;
  }

  /** An error in the vendor's form. */
  error(type: string, message = 'refused', status = 400): VendorReply {
    const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': randomUUID() };
    return { status, headers, body: { __type: type, message } };
  }

  /** As KMS does above the request quota of a region. */
  throttled(): VendorReply {
    return this.error('ThrottlingException', 'You have exceeded the rate at which you may call KMS.');
  }

  protected answer(request: VendorRequest): VendorReply {
    const target = request.headers['x-amz-target'];
    if (request.headers['content-type'] !== 'application/x-amz-json-1.1')
      return this.error('UnknownOperationException');
    if (!isSigned(request, this.credentials, REGION)) {
      return this.error('InvalidSignatureException', 'The request signature we calculated does not match.');
    }
    const asked = JSON.parse(request.body) as Asked;
    if (target === 'TrentService.DescribeKey') return this.describe(asked);
    if (target === 'TrentService.Encrypt') return this.encrypt(asked);
    return target === 'TrentService.Decrypt' ? this.decrypt(asked) : this.error('UnknownOperationException');
  }

  private describe({ KeyId = '' }: Asked): VendorReply {
    const key = this.find(KeyId);
    if (!key) return this.error('NotFoundException', `Key '${KeyId}' does not exist`);
    const { material: _, ...shown } = key;
    return ok({ KeyMetadata: { AWSAccountId: '111122223333', Enabled: key.KeyState === 'Enabled', ...shown } });
  }

  private encrypt({ KeyId = '', Plaintext = '', EncryptionContext = {} }: Asked): VendorReply {
    const key = this.find(KeyId);
    if (!key) return this.error('NotFoundException', `Key '${KeyId}' does not exist`);
    const problem = this.problemOf(key);
    if (problem) return problem;
    const box = sealBox(key.material, Buffer.from(Plaintext, 'base64'), boundTo(key, EncryptionContext));
    const blob = Buffer.concat([Buffer.alloc(ARN_BYTES, this.keys.indexOf(key)), box]);
    return ok({ CiphertextBlob: blob.toString('base64'), EncryptionAlgorithm: 'SYMMETRIC_DEFAULT', KeyId: key.Arn });
  }

  private decrypt({ KeyId, CiphertextBlob = '', EncryptionContext = {} }: Asked): VendorReply {
    const blob = Buffer.from(CiphertextBlob, 'base64');
    if (blob.length === 0) return this.error('ValidationException', 'ciphertextBlob: length must be at least 1');
    const maker = this.keys[blob[0]!];
    if (!maker) return this.error('InvalidCiphertextException', '');
    const key = KeyId === undefined ? maker : this.find(KeyId);
    if (!key) return this.error('NotFoundException', `Key '${KeyId}' does not exist`);
    if (key !== maker) return this.error('IncorrectKeyException', 'The key ID in the request does not identify a CMK');
    const problem = this.problemOf(key);
    if (problem) return problem;
    const plain = openBox(key.material, blob.subarray(ARN_BYTES), boundTo(key, EncryptionContext));
    if (!plain) return this.error('InvalidCiphertextException', '');
    return ok({ KeyId: key.Arn, Plaintext: plain.toString('base64'), EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' });
  }

  private problemOf({ Arn, KeyState, KeyUsage }: KmsKey): VendorReply | undefined {
    if (KeyState === 'Disabled') return this.error('DisabledException', `${Arn} is disabled.`);
    if (KeyState === 'PendingDeletion') return this.error('KMSInvalidStateException', `${Arn} is pending deletion.`);
    return KeyUsage === 'ENCRYPT_DECRYPT' ? undefined : this.error('InvalidKeyUsageException');
  }

  private find(named: string): KmsKey | undefined {
    return this.aliases.get(named) ?? this.keys.find(({ Arn, KeyId }) => Arn === named || KeyId === named);
  }
}

/** The pairs of a context have no order. */
function boundTo({ Arn }: KmsKey, context: Record<string, string>): Buffer {
  const pairs = Object.entries(context).sort(([one], [other]) => (one < other ? -1 : 1));
  return Buffer.from(JSON.stringify([Arn, pairs]));
}

function ok(body: object): VendorReply {
  return { status: 200, headers: { 'content-type': 'application/x-amz-json-1.1' }, body };
}
