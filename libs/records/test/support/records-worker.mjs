// A process of its own that counts and appends to the same records as the test, and tells each time that it was told so.
import { registerHooks } from 'node:module';

const LIBS = new URL('../../../', import.meta.url);

// The sources as they are: Node takes the types off, and this finds the files.
registerHooks({
  resolve(specifier, context, next) {
    if (specifier.startsWith('#')) return next(new URL(`${specifier.slice(1)}/src/index.ts`, LIBS).href, context);
    const ours = specifier.startsWith('.') && !context.parentURL.includes('/node_modules/');
    return next(ours ? specifier.replace(/\.js$/, '.ts') : specifier, context);
  },
});

const { openRecords, openRedis } = await import('#records');
const { Secret } = await import('#ports');

const [backend, place, name] = process.argv.slice(2);
const redis = backend === 'redis' ? openRedis({ redisUrl: new Secret(place), storeTimeoutMs: 5000 }) : undefined;
await redis?.opened();
const records = await openRecords({ backend, dataDir: place, redisPrefix: 'resk', redis });

for (let at = 1; ; at++) {
  await records.addWithin([
    { key: 'sums', field: 'all', by: 1, limit: 1e9 },
    { key: 'sums', field: name, by: 1 },
  ]);
  await records.hold('account', { item: `${name} ${at}`, bytes: 1, endsAt: 1e15 }, {}, 0);
  while (!(await records.append('journal', (await records.last('journal'))?.number ?? 0, `${name} ${at}`)));
  process.send(at);
}
