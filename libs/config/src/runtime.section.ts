// How and where the process runs.
import { type ConfigOf, section } from './section.js';
import { setting } from './setting.js';

export const runtimeSection = section(
  'runtime',
  { title: 'Process', doc: 'How and where the process runs.' },
  {
    environment: setting('NODE_ENV', {
      doc: 'In production the server refuses to start without secrets of its own; elsewhere it makes them and keeps them in DATA_DIR.',
    })
      .oneOf(['development', 'test', 'production'])
      .default('development'),
    dataDir: setting('DATA_DIR', {
      doc: 'Folder of everything the service keeps on disk (SQLite files, development secrets). Made when absent.',
    })
      .text()
      .default('data'),
    plugins: setting('PLUGINS', {
      doc: 'npm packages that bring providers of your own. Only packages listed here are ever imported.',
      example: '@acme/resk-pgvector',
    })
      .list()
      .default(''),
  },
);

export type RuntimeConfig = ConfigOf<typeof runtimeSection>;
