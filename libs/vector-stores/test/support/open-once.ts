// Opens the store in the folder given, and prints `open` or the failure.
import { join } from 'node:path';
import { isFailure } from '#ports';
import { EmbeddedStore } from '../../src/providers/embedded/embedded-store.js';
import { plainSealer } from './sealers.js';

try {
  const file = join(process.argv[2]!, 'vectors.sqlite');
  const store = await EmbeddedStore.open({ file, synchronous: 'normal', memoryMaxBytes: 2 ** 24, sealer: plainSealer });
  await store.close();
  console.log('open');
} catch (error) {
  console.log(isFailure(error) ? `${error.code}: ${error.message}` : String(error));
}
