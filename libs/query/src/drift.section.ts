// How it is watched whether the embedding model still is what it was.
import { type ConfigOf, section, setting } from '#config';

export const driftSection = section(
  'drift',
  {
    title: 'Drift',
    doc: 'Whether the embedding model still gives the vectors that it gave: vendors change models without changing their names. Documents are embedded again and compared with what is stored.',
  },
  {
    everyMs: setting('DRIFT_INTERVAL', {
      doc: 'Time from one check of all collections to the next; one instance checks for all. 0s: only when asked to (resk drift). The tokens are on the account of the service.',
      example: '24h',
    })
      .duration({ min: 0, max: 20 * 86_400_000 })
      .default('0s'),
    sample: setting('DRIFT_SAMPLE', { doc: 'Documents of a collection that are embedded again in a check.' })
      .integer({ min: 1, max: 200 })
      .default('20'),
    threshold: setting('DRIFT_THRESHOLD', {
      doc: 'Smallest mean cosine (0..1) of new and stored vectors that is no drift.',
    })
      .decimal({ min: 0, max: 1 })
      .default('0.98'),
  },
);

export type DriftConfig = ConfigOf<typeof driftSection>;
