// Gives the container one TextGuard, opened at boot and closed at shutdown.
import { Module, type OnApplicationShutdown } from '@nestjs/common';
import { configToken, type RuntimeConfig, runtimeSection } from '#config';
import { openTextGuard } from './open-text-guard.js';
import { type PrivacyConfig, privacySection } from './privacy.section.js';
import { TextGuard } from './text-guard.js';

@Module({
  providers: [
    {
      provide: TextGuard,
      inject: [configToken(privacySection), configToken(runtimeSection)],
      useFactory: (config: PrivacyConfig, { plugins }: RuntimeConfig) => openTextGuard(config, { plugins }),
    },
  ],
  exports: [TextGuard],
})
export class PrivacyModule implements OnApplicationShutdown {
  constructor(private readonly guard: TextGuard) {}

  async onApplicationShutdown(): Promise<void> {
    await this.guard.close();
  }
}
