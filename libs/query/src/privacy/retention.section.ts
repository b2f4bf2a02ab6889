// How old what is kept may grow, whatever its tenants say.
import { type ConfigOf, section, setting } from '#config';

export const retentionSection = section(
  'retention',
  {
    title: 'Retention',
    doc: 'How old what is kept may grow. Tenants may set less for themselves (PUT /api/privacy/policy), never more.',
  },
  {
    entriesMs: setting('RETENTION_ENTRIES', {
      doc: 'Greatest age of a cached answer. Unset: as old as CACHE_TTL_MAX and CACHE_STALE let it grow.',
      example: '30d',
    })
      .duration({ min: 1000, max: 3650 * 86_400_000 })
      .optional(),
    documentsMs: setting('RETENTION_DOCUMENTS', {
      doc: 'Greatest age of a document in the vector store. Unset: without end.',
      example: '365d',
    })
      .duration({ min: 1000, max: 3650 * 86_400_000 })
      .optional(),
    sweepMs: setting('RETENTION_SWEEP', {
      doc: 'Time from one sweep of what is too old to the next; what is too old is not served in between. 0s: no sweeps. One instance sweeps for all.',
    })
      .duration({ min: 0, max: 20 * 86_400_000 })
      .default('1h'),
  },
);

export type RetentionConfig = ConfigOf<typeof retentionSection>;
