// The provider `redis-vector-sets`: what PLUGINS=resk-caching-redis-vector-sets brings, and VECTORDB_TYPE=redis-vector-sets chooses.
import { defineProvider } from 'resk-caching/ports';
import { optionsSchema } from './options.js';
import { RedisVectorStore } from './redis-vector-store.js';

export default defineProvider({
  family: 'vector-store',
  name: 'redis-vector-sets',
  options: optionsSchema,
  open: (options, { signal }) => RedisVectorStore.open(options, signal),
});
