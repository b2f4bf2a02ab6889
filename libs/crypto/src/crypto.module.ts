// Gives the sealer, the signer and the names of keys to the container.
import { type DynamicModule, Module, type OnApplicationShutdown } from '@nestjs/common';
import { configToken, type RuntimeConfig, runtimeSection } from '#config';
import type { Secret } from '#ports';
import { Bus, Records } from '#records';
import { type CryptoConfig, cryptoSection } from './crypto.section.js';
import { KeyNames } from './key-names.js';
import { keyNamesFrom, openSealer, signingSeedFrom } from './open-sealer.js';
import { Sealer } from './sealer.js';
import { Signer } from './signer.js';

export interface CryptoModuleOptions {
  /** What key names and, unless something is sealed, the signing key are derived from where KEY_NAME_SECRET is not set. */
  nameSecret?: Secret | undefined;
}

@Module({})
export class CryptoModule implements OnApplicationShutdown {
  constructor(private readonly sealer: Sealer) {}

  static forRoot({ nameSecret }: CryptoModuleOptions = {}): DynamicModule {
    return {
      module: CryptoModule,
      global: true,
      providers: [
        {
          provide: Sealer,
          inject: [configToken(cryptoSection), configToken(runtimeSection), Records, Bus],
          useFactory: (config: CryptoConfig, { plugins }: RuntimeConfig, records: Records, bus: Bus) =>
            openSealer(config, { plugins, records, bus }),
        },
        {
          provide: KeyNames,
          inject: [configToken(cryptoSection)],
          useFactory: (config: CryptoConfig) => keyNamesFrom(config, nameSecret),
        },
        {
          provide: Signer,
          inject: [configToken(cryptoSection), Records, Sealer],
          useFactory: (config: CryptoConfig, records: Records, sealer: Sealer) =>
            new Signer({ records, sealer, seed: signingSeedFrom(config, nameSecret) }),
        },
      ],
      exports: [Sealer, KeyNames, Signer],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.sealer.close();
  }
}
