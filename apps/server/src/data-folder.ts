// Whether the server keeps anything on disk: only then is the folder of DATA_DIR made, and must be of use.
import { recordsBackendOf } from '#records';
import type { AppConfig } from './app.module.js';

export function needsDataFolder({ auth, cache, records, vectorStore }: AppConfig): boolean {
  const makesSecret = !auth.secret && auth.algorithms.includes('HS256');
  const keepsRecords = recordsBackendOf({ cacheBackend: cache.backend, recordsBackend: records.backend }) === 'sqlite';
  return makesSecret || keepsRecords || cache.backend === 'sqlite' || vectorStore.type === 'embedded';
}
