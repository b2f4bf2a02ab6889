// The library inside a Nest application: import ReskCachingModule, inject LibraryCache.
import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { type CacheOptions, LibraryCache, selectCache } from './select-cache.js';

export { type CacheOptions, LibraryCache } from './select-cache.js';

@Module({})
export class ReskCachingModule implements OnApplicationShutdown {
  constructor(@Inject(LibraryCache) private readonly cache: LibraryCache) {}

  /** Provides `LibraryCache`, globally, and closes it when the application shuts down. */
  static forRoot(options: CacheOptions = {}): DynamicModule {
    return {
      module: ReskCachingModule,
      global: true,
      providers: [{ provide: LibraryCache, useFactory: () => selectCache(options) }],
      exports: [LibraryCache],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.cache.close();
  }
}
