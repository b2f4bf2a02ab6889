// Lets passport-jwt verify by the rules and keys of the one token verifier.
import type { KeyObject } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { type SecretOrKeyProvider, Strategy } from 'passport-jwt';
import { bearerToken } from './bearer-token.js';
import type { Caller } from './caller.js';
import { TokenVerifier } from './token-verifier.js';

/** What is read of a request: enough for HTTP requests and for the handshakes of sockets. */
export interface RequestWithToken {
  headers: { authorization?: string | undefined };
}

@Injectable()
export class JwtStrategy extends PassportStrategy(Strategy) {
  constructor(private readonly verifier: TokenVerifier) {
    const { algorithms, audience, issuer, ...others } = verifier.rules;
    // passport-jwt takes these three here only; under jsonWebTokenOptions they would be overwritten with nothing.
    super({
      algorithms,
      audience: audience as string[] | undefined,
      issuer: issuer as string[] | undefined,
      jsonWebTokenOptions: others,
      jwtFromRequest: tokenOf,
      secretOrKeyProvider: ((_request, token: string, done) => {
        const found = (key: KeyObject) => {
          // Its types know text and bytes; it hands the key to jsonwebtoken untouched, which takes a KeyObject.
          done(null, key as unknown as Buffer);
        };
        const key = verifier.keyFor(token);
        if (key instanceof Promise) key.then(found, done);
        else found(key);
      }) satisfies SecretOrKeyProvider<RequestWithToken>,
      passReqToCallback: true,
    });
  }

  validate(request: RequestWithToken, verified: unknown): Caller {
    return this.verifier.accept(tokenOf(request), verified);
  }
}

function tokenOf({ headers }: RequestWithToken): string {
  return bearerToken(headers.authorization);
}
