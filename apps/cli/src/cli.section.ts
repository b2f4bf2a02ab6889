// What the command line may be told by variables instead of options.
import { type ConfigOf, section, setting } from '#config';

/** Documents in one request: the largest number that the API takes. */
export const MAX_BATCH = 1000;

export const cliSection = section(
  'cli',
  { title: 'Command line', doc: 'Where the command resk finds its server, and how it sends documents.' },
  {
    url: setting('RESK_URL', {
      doc: 'Address of the server that resk talks to. Without it, this machine at PORT.',
      example: 'https://cache.example.org',
    })
      .url(['http:', 'https:'])
      .optional(),
    token: setting('RESK_TOKEN', {
      doc: 'Token that resk sends. Without it, resk mints a short-lived one for a server on this machine.',
    })
      .secret()
      .optional(),
    upsertBatch: setting('UPSERT_BATCH', {
      doc: 'Documents in one request of resk ingest. Without it, BATCH_SIZE: one request is then one embedding call.',
    })
      .integer({ min: 1, max: MAX_BATCH })
      .optional(),
  },
);

/** The port of a server on this machine. Read only: the server's own section declares and documents it. */
export const localServerSection = section(
  'local-server',
  { title: 'Local server', doc: 'The port that a server on this machine listens on.' },
  {
    port: setting('PORT', { doc: 'Port of the server.' }).integer({ min: 1, max: 65_535 }).default('3000'),
  },
);

export type CliConfig = ConfigOf<typeof cliSection>;
