// Gives the sealer, the administration of its keys, the signer and the names of keys to the container.
import { type DynamicModule, Module, type OnApplicationShutdown } from '@nestjs/common';
import { configToken, type RuntimeConfig, runtimeSection } from '#config';
import { failure, type Secret } from '#ports';
import { Bus, Records } from '#records';
import { type CryptoConfig, cryptoSection } from './crypto.section.js';
import { KeyAdmin } from './key-admin.js';
import { KeyAges } from './key-ages.js';
import { KeyNames } from './key-names.js';
import { keyNamesFrom, openCrypto, signingSeedFrom } from './open-sealer.js';
import { Sealer } from './sealer.js';
import { Signer } from './signer.js';

export interface CryptoModuleOptions {
  /** What key names and, unless something is sealed, the signing key are derived from where KEY_NAME_SECRET is not set. */
  nameSecret?: Secret | undefined;
}

const OPENED = Symbol('crypto');
type Opened = Awaited<ReturnType<typeof openCrypto>>;

@Module({})
export class CryptoModule implements OnApplicationShutdown {
  constructor(
    private readonly sealer: Sealer,
    private readonly ages: KeyAges,
  ) {}

  static forRoot({ nameSecret }: CryptoModuleOptions = {}): DynamicModule {
    return {
      module: CryptoModule,
      global: true,
      providers: [
        {
          provide: OPENED,
          inject: [configToken(cryptoSection), configToken(runtimeSection), Records, Bus],
          useFactory: openDurably,
        },
        { provide: Sealer, inject: [OPENED], useFactory: ({ sealer }: Opened) => sealer },
        { provide: KeyAdmin, inject: [OPENED], useFactory: ({ admin }: Opened) => admin },
        {
          provide: KeyAges,
          inject: [KeyAdmin, configToken(cryptoSection)],
          useFactory: (admin: KeyAdmin, { keyRotationDueMs }: CryptoConfig) => {
            const ages = new KeyAges(admin, keyRotationDueMs);
            ages.open();
            return ages;
          },
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
      exports: [Sealer, KeyAdmin, KeyAges, KeyNames, Signer],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    this.ages.close();
    await this.sealer.close();
  }
}

/** A server that seals keeps its data keys where they survive it. */
async function openDurably(config: CryptoConfig, { plugins }: RuntimeConfig, records: Records, bus: Bus) {
  const opened = await openCrypto(config, { plugins, records, bus });
  if (!opened.sealer.sealing || records.durable) return opened;
  await opened.sealer.close();
  throw failure('crypto.records_not_durable', {});
}
