// Who is calling, for every door: known from before at no cost, else found out, unless locked out.
import { failure, isFailure } from '#ports';
import type { Caller } from './caller.js';
import type { CertificateCallers } from './certificate-callers.js';
import type { Lockout } from './lockout.js';
import type { PeerCertificate } from './peer-certificate.js';
import type { TokenVerifier } from './token-verifier.js';

/** What a request shows of its caller. */
export interface Shown {
  /** The header, as it is. */
  readonly authorization: string | undefined;
  readonly certificate: PeerCertificate | undefined;
  readonly address: string;
}

/** Refusals that are no sign of guessing: nothing was shown, or what was good once. */
const HARMLESS: ReadonlySet<string> = new Set(['auth.missing', 'auth.expired', 'auth.not_yet']);

export class Callers {
  /** Without a lock-out nobody is ever locked out; without certificates only tokens count. */
  constructor(
    private readonly verifier: TokenVerifier,
    private readonly certificates?: CertificateCallers,
    private readonly lockout?: Lockout,
  ) {}

  /**
   * The caller, where it is known already: a header without the usual spelling is not looked at here. A certificate counts where no
   * header is sent. Fails with `auth.locked_out` for a subject that is.
   */
  known(authorization: string | undefined, certificate: PeerCertificate | undefined): Caller | undefined {
    if (authorization === undefined) return certificate && this.unlocked(this.certificates?.remembered(certificate));
    return authorization.startsWith('Bearer ') ? this.ofToken(authorization.slice(7)) : undefined;
  }

  /** The caller of a token that is known already. Fails with `auth.locked_out`. */
  ofToken(token: string): Caller | undefined {
    return this.unlocked(this.verifier.remembered(token));
  }

  /**
   * Finds the caller out; `verify` looks at the token. Fails with `auth.locked_out` where the address or the subject is locked out, else as
   * `verify` does: such a failure counts against the address.
   */
  async identify({ authorization, certificate, address }: Shown, verify: () => Promise<Caller>): Promise<Caller> {
    this.lockout?.checkAddress(address);
    try {
      const named = authorization === undefined && certificate ? this.certificates?.find(certificate) : undefined;
      const caller = named ?? (await verify());
      this.lockout?.checkCaller(caller);
      return caller;
    } catch (refusal) {
      if (isFailure(refusal) && refusal.kind === 'unauthenticated' && !HARMLESS.has(refusal.code))
        this.lockout?.addressFailed(address);
      throw refusal;
    }
  }

  /** A caller asked for what it may not: it counts against its subject. */
  denied(caller: Caller): void {
    this.lockout?.callerFailed(caller);
  }

  private unlocked(caller: Caller | undefined): Caller | undefined {
    if (caller && this.lockout?.active) this.lockout.checkCaller(caller);
    return caller;
  }
}

/** Why a caller may not do what needs a scope. */
export function lacking(caller: Caller, scope: Parameters<Caller['may']>[0]) {
  const code = caller.withheld?.has(scope) ? 'auth.route_audience' : 'auth.scope';
  return failure(code, { scope });
}
