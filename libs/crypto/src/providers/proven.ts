// Proves a key service before it is used: the rights are there, and a wrapped key opens where it belongs and nowhere else.
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { type CallOptions, failure, isFailure, type KeyContext, type KeyService } from '#ports';

// No tenant is named so: the names of tenants have no white space.
const HERE: KeyContext = { tenant: 'a proof', dataKeyId: 'here' };
const ELSEWHERE: KeyContext = { tenant: 'a proof', dataKeyId: 'elsewhere' };

/**
 * The service itself, once it has wrapped a key, opened it, and refused it under another name. A service that leaves out
 * what it does not know (a Vault older than associated data, a proxy in between) would accept it there.
 * @throws What the service throws, or Failure `crypto.key_service_refused`; the service is then closed.
 */
export async function proven<Service extends KeyService>(
  service: Service,
  options: CallOptions,
  /** Comes before the proof, e.g. a look at the kind of the key. */
  prepare: () => Promise<void> = async () => {},
): Promise<Service> {
  try {
    await prepare();
    await prove(service, options);
    return service;
  } catch (error) {
    await service.close();
    throw error;
  }
}

async function prove(service: KeyService, options: CallOptions): Promise<void> {
  const { provider } = service;
  const key = Uint8Array.from(randomBytes(32));
  const wrapped = await service.wrap(key, HERE, options);
  const opened = await service.unwrap(wrapped, HERE, options);
  const same = timingSafeEqual(key, opened);
  opened.fill(0);
  if (!same) throw unfit(provider, 'what it unwraps is not what was wrapped');
  const outcome = await service.unwrap(wrapped, ELSEWHERE, options).catch((error: unknown) => error);
  if (isFailure(outcome, 'crypto.unwrap_refused')) return;
  if (outcome instanceof Uint8Array) throw unfit(provider, 'it unwraps a key that was wrapped for another name');
  throw outcome;
}

function unfit(provider: string, reason: string) {
  const fix = 'Use a version that authenticates the context of a key (docs/KEY_SERVICES.md).';
  return failure('crypto.key_service_refused', { provider, reason, fix });
}
