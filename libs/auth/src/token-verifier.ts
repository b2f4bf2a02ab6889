// Decides whether a token is to be believed, and remembers the caller of one that was, until it ends.
import type { KeyObject } from 'node:crypto';
import jsonwebtoken, { type VerifyOptions } from 'jsonwebtoken';
import { LRUCache } from 'lru-cache';
import { failure } from '#ports';
import { type Caller, type CallerRules, type Claims, callerFrom } from './caller.js';
import { keyIn } from './key-ring.js';
import { tokenFailure } from './token-failure.js';
import { isAlgorithm, type VerificationKeys } from './verification-keys.js';

export interface TokenVerifierOptions extends CallerRules {
  /** The allow-list: an algorithm without a key here is refused. */
  keys: VerificationKeys;
  /** One of them must be in `aud`; none: `aud` is not looked at. */
  audience?: readonly string[];
  /** One of them must be `iss`; none: `iss` is not looked at. */
  issuer?: readonly string[];
  clockToleranceMs: number;
  /** Longest time from `iat` (or from now, where there is none) to `exp`. */
  maxLifetimeMs: number;
  /** Looks at the caller of a token that was verified. What it throws refuses the token. */
  check?: (caller: Caller) => void;
  /** Tokens remembered at most; the least used is forgotten. */
  maxRemembered: number;
}

export class TokenVerifier {
  /** What jsonwebtoken is told, whoever calls it: `verify` here, or passport-jwt. */
  readonly rules: Readonly<VerifyOptions>;
  private readonly callers: LRUCache<string, Caller>;

  constructor(private readonly options: TokenVerifierOptions) {
    const { keys, audience = [], issuer = [], clockToleranceMs, maxRemembered } = options;
    this.rules = {
      algorithms: [...keys.keys()],
      clockTolerance: clockToleranceMs / 1000,
      ...(audience.length > 0 && { audience: audience as [string, ...string[]] }),
      ...(issuer.length > 0 && { issuer: issuer as [string, ...string[]] }),
    };
    this.callers = new LRUCache({ max: maxRemembered });
  }

  /** The caller of a token verified before, while it lasts. */
  remembered(token: string, now = Date.now()): Caller | undefined {
    const caller = this.callers.get(token);
    if (caller === undefined || now < caller.expiresAt) return caller;
    this.callers.delete(token);
    return undefined;
  }

  /** Forgets the tokens of callers that `about` names; without it, all: each is verified again when it comes again. */
  forget(about?: (caller: Caller) => boolean): void {
    if (!about) this.callers.clear();
    else for (const [token, caller] of this.callers.entries()) if (about(caller)) this.callers.delete(token);
  }

  /**
   * Verifies and remembers. Fails with one of `auth.malformed`, `.algorithm`, `.key_unknown`, `.keys_unavailable`, `.signature`, `.expired`,
   * `.no_expiry`, `.not_yet`, `.lifetime`, `.audience`, `.claims`; or as `check` does.
   */
  async verify(token: string): Promise<Caller> {
    try {
      return this.accept(token, jsonwebtoken.verify(token, await this.keyFor(token), this.rules));
    } catch (error) {
      throw tokenFailure(error);
    }
  }

  /** The key of the algorithm that the token names. The token chooses among the allowed algorithms, never a key of another kind. */
  keyFor(token: string): KeyObject | Promise<KeyObject> {
    const { alg, crit, kid } = headerOf(token);
    // RFC 7515 §4.1.11: a critical extension that is not understood makes the token invalid. None is understood here.
    const key =
      typeof alg === 'string' && isAlgorithm(alg) && crit === undefined ? this.options.keys.get(alg) : undefined;
    if (!key) throw failure('auth.algorithm', {});
    return keyIn(key, token, kid);
  }

  /** Second half of `verify`: the caller in the claims of a token that jsonwebtoken has verified by `keyFor` and `rules`. */
  accept(token: string, verified: unknown, now = Date.now()): Caller {
    if (typeof verified !== 'object' || verified === null) throw failure('auth.malformed', {});
    const caller = callerFrom(verified as Claims, this.options, this.endOf(verified as Claims, now));
    this.options.check?.(caller);
    if (now < caller.expiresAt) this.callers.set(token, caller);
    return caller;
  }

  /** When the token ends; jsonwebtoken lets pass what has no `exp`, was issued in the future, or lasts for ever. */
  private endOf({ exp, iat }: Claims, now: number): number {
    if (exp === undefined) throw failure('auth.no_expiry', {});
    if (iat !== undefined && typeof iat !== 'number') throw failure('auth.claims', { claim: 'iat' });
    const { clockToleranceMs, maxLifetimeMs } = this.options;
    const begins = iat === undefined ? now : iat * 1000;
    const ends = Number(exp) * 1000;
    if (begins > now + clockToleranceMs) throw failure('auth.not_yet', {});
    if (ends - begins > maxLifetimeMs)
      throw failure('auth.lifetime', { limitHours: Math.floor(maxLifetimeMs / 3_600_000) });
    return ends;
  }
}

function headerOf(token: string): Record<string, unknown> {
  try {
    const header: unknown = JSON.parse(Buffer.from(token.slice(0, token.indexOf('.')), 'base64url').toString());
    if (typeof header === 'object' && header !== null) return header as Record<string, unknown>;
  } catch {
    // Not JSON. The parser's message quotes the token, and is not kept.
  }
  throw failure('auth.malformed', {});
}
