// The key service `local`: master keys from the configuration.
import { z } from 'zod';
import { defineProvider, Secret } from '#ports';
import { LocalKeyService } from '../local-key-service.js';
import { masterKey } from '../master-key.js';

const options = z.strictObject({
  current: z.instanceof(Secret),
  former: z.array(z.instanceof(Secret)).readonly().default([]),
});

export default defineProvider({
  family: 'key-service',
  name: 'local',
  options,
  async open({ current, former }) {
    const formerKeys = former.map((key) => masterKey(key, 'CACHE_FORMER_ENCRYPTION_KEYS'));
    return new LocalKeyService(masterKey(current, 'CACHE_ENCRYPTION_KEY'), formerKeys);
  },
});
