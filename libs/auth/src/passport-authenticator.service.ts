// Finds the caller of a request: remembered, or by way of passport.
import { Injectable } from '@nestjs/common';
import passport from 'passport';
import { bearerToken } from './bearer-token.js';
import type { Caller } from './caller.js';
import { JwtStrategy, type RequestWithToken } from './jwt-strategy.service.js';
import { tokenFailure } from './token-failure.js';
import { TokenVerifier } from './token-verifier.js';

@Injectable()
export class PassportAuthenticator {
  constructor(
    private readonly verifier: TokenVerifier,
    private readonly strategy: JwtStrategy,
  ) {}

  /** Fails with an `auth.*` failure of kind `unauthenticated`. */
  async authenticate(request: RequestWithToken): Promise<Caller> {
    return this.verifier.remembered(bearerToken(request.headers.authorization)) ?? this.throughPassport(request);
  }

  private throughPassport({ headers: { authorization } }: RequestWithToken): Promise<Caller> {
    return new Promise<Caller>((resolve, reject) => {
      const settle = (error: unknown, caller: Caller | false | null, refusal: unknown) => {
        if (caller) resolve(caller);
        else reject(tokenFailure(error ?? refusal));
      };
      // passport writes the callbacks of a request onto the strategy it is given, and helpers onto the request: each
      // gets an object of its own, or two callers at once would be handed each other's results.
      const strategy = Object.create(this.strategy) as JwtStrategy;
      passport.authenticate(strategy, { session: false }, settle)({ headers: { authorization } }, undefined, reject);
    });
  }
}
