// Gives the token verifier, and passport over it, to the container.
import { Module } from '@nestjs/common';
import { configToken, type RuntimeConfig, runtimeSection } from '#config';
import { type AuthConfig, authSection } from './auth.section.js';
import { JwtStrategy } from './jwt-strategy.service.js';
import { openVerifier } from './open-verifier.js';
import { PassportAuthenticator } from './passport-authenticator.service.js';
import { TokenVerifier } from './token-verifier.js';

export type { RequestWithToken } from './jwt-strategy.service.js';
export { JwtStrategy, PassportAuthenticator };

@Module({
  providers: [
    {
      provide: TokenVerifier,
      inject: [configToken(authSection), configToken(runtimeSection)],
      useFactory: (config: AuthConfig, { dataDir }: RuntimeConfig) => openVerifier(config, { dataDir }),
    },
    JwtStrategy,
    PassportAuthenticator,
  ],
  exports: [TokenVerifier, PassportAuthenticator],
})
export class AuthModule {}
