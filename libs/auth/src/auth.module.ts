// Gives to the container who is calling: verified, not revoked, not locked out; and passport over the same verifier.
import { type DynamicModule, Inject, type InjectionToken, Module, type OnApplicationShutdown } from '@nestjs/common';
import { configToken, type RuntimeConfig, runtimeSection } from '#config';
import { Bus, Records } from '#records';
import { type AuthConfig, authSection } from './auth.section.js';
import { Callers } from './callers.js';
import { CertificateCallers } from './certificate-callers.js';
import { IssuerKeys } from './issuer-keys.js';
import { JwtStrategy } from './jwt-strategy.service.js';
import { Lockout } from './lockout.js';
import { type LockoutConfig, lockoutSection } from './lockout.section.js';
import { issuerKeys, openVerifier } from './open-verifier.js';
import { PassportAuthenticator } from './passport-authenticator.service.js';
import { type RecordNames, Revocations } from './revocations.js';
import { TokenVerifier } from './token-verifier.js';

export type { RequestWithToken } from './jwt-strategy.service.js';
export { JwtStrategy, PassportAuthenticator };

const config = configToken(authSection);

@Module({})
export class AuthModule implements OnApplicationShutdown {
  constructor(
    private readonly revocations: Revocations,
    private readonly lockout: Lockout,
    @Inject(IssuerKeys) private readonly issuer: IssuerKeys | null,
  ) {}

  /** Global. `names` is the token of what makes keyed digests (`KeyNames` of the room of crypto); `Records` and `Bus` are global too. */
  static forRoot({ names }: { names: InjectionToken<RecordNames> }): DynamicModule {
    return {
      module: AuthModule,
      global: true,
      providers: [
        {
          provide: IssuerKeys,
          inject: [config],
          useFactory: async (auth: AuthConfig) => {
            const issuer = issuerKeys(auth);
            await issuer?.open();
            return issuer ?? null;
          },
        },
        {
          provide: Revocations,
          inject: [config, Records, Bus, names],
          useFactory: async (auth: AuthConfig, records: Records, bus: Bus, keyed: RecordNames) => {
            const revocations = new Revocations({
              ...{ records, bus, names: keyed },
              ...{ maxPerTenant: auth.maxRevocations, required: auth.revocationsRequired },
              ...{ maxLifetimeMs: auth.maxLifetimeMs, clockToleranceMs: auth.clockToleranceMs },
            });
            await revocations.open();
            return revocations;
          },
        },
        {
          provide: Lockout,
          inject: [configToken(lockoutSection), Records, Bus, names],
          useFactory: async (lockout: LockoutConfig, records: Records, bus: Bus, keyed: RecordNames) => {
            const made = new Lockout({ records, bus, names: keyed, config: lockout });
            await made.open();
            return made;
          },
        },
        {
          provide: TokenVerifier,
          inject: [config, configToken(runtimeSection), IssuerKeys, Revocations],
          useFactory: (
            auth: AuthConfig,
            { dataDir }: RuntimeConfig,
            issuer: IssuerKeys | null,
            revocations: Revocations,
          ) => {
            const check = revocations.check.bind(revocations);
            const verifier = openVerifier(auth, { dataDir, issuer: issuer ?? undefined, check });
            revocations.whenChanged(() => verifier.forget((caller) => revocations.has(caller)));
            return verifier;
          },
        },
        {
          provide: Callers,
          inject: [config, TokenVerifier, Lockout, Revocations],
          useFactory: (
            { mtlsCallers: rows, operatorTenant }: AuthConfig,
            verifier: TokenVerifier,
            lockout: Lockout,
            revocations: Revocations,
          ) => {
            const check = revocations.check.bind(revocations);
            const certificates = new CertificateCallers({ rows, operatorTenant, check });
            revocations.whenChanged(() => certificates.forget());
            return new Callers(verifier, certificates, lockout);
          },
        },
        JwtStrategy,
        PassportAuthenticator,
      ],
      exports: [TokenVerifier, PassportAuthenticator, Callers, Revocations],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.lockout.close();
    await this.revocations.close();
    await this.issuer?.close();
  }
}
