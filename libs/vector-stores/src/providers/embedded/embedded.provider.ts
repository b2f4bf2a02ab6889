// The provider `embedded`: SQLite holds the documents, memory the search.
import { z } from 'zod';
import { defineProvider } from '#ports';
import type { PayloadSealer } from '../../payload-sealer.js';
import { EmbeddedStore } from './embedded-store.js';

/** Of these the operator sets `synchronous` alone; the others come from settings of their own. */
const options = z.strictObject({
  synchronous: z.enum(['normal', 'full']).default('normal'),
  file: z.string().min(1),
  memoryMaxBytes: z.number().int().positive(),
  sealer: z.custom<PayloadSealer>((value) => typeof (value as PayloadSealer | undefined)?.seal === 'function'),
});

export const embeddedProvider = defineProvider({
  family: 'vector-store',
  name: 'embedded',
  options,
  open: (checked) => EmbeddedStore.open(checked),
});
