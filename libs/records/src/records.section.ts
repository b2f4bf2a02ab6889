// What an operator may set of the records: where they are kept.
import { type ConfigOf, section, setting } from '#config';

export const recordsSection = section(
  'records',
  {
    title: 'Records',
    doc: 'Where the service keeps what it must remember beside answers: wrapped data keys, revocations, quotas, usage, idempotent replies, the audit log.',
  },
  {
    backend: setting('RECORDS_BACKEND', {
      doc: 'A file in DATA_DIR for one machine (sqlite), shared by all instances (redis, at REDIS_URL), or gone with the process (memory). Unset: redis where CACHE_BACKEND is redis, else sqlite. In Redis, use persistence: what is sealed cannot be opened again without the data keys kept there.',
    })
      .oneOf(['memory', 'sqlite', 'redis'])
      .optional(),
  },
);

export type RecordsConfig = ConfigOf<typeof recordsSection>;
