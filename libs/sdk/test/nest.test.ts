// In a Nest application the library is one import and one injection, and is closed with it.
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { expect, test, vi } from 'vitest';
import { LibraryCache, ReskCachingModule } from '../src/nest.js';

@Injectable()
class Greeter {
  constructor(readonly cache: LibraryCache) {}
}

@Module({ providers: [Greeter] })
class FeatureModule {}

test.each([
  ['options', { ttl: 60 }],
  ['none', undefined],
])('one cache for the whole application, with %s, closed when it shuts down', async (_, options) => {
  @Module({ imports: [ReskCachingModule.forRoot(options), FeatureModule] })
  class App {}
  const app = await NestFactory.createApplicationContext(App, { logger: false });
  const { cache } = app.get(Greeter);
  await cache.set('key', { payload: true });
  expect(await app.get(LibraryCache).get('key')).toEqual({ payload: true });
  const close = vi.spyOn(cache, 'close');
  await app.close();
  expect(close).toHaveBeenCalledOnce();
});
