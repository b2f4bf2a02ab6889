// Where the HTTP door listens, and how much it takes in.
import { type ConfigOf, section, setting } from '#config';

export const httpSection = section(
  'http',
  {
    title: 'HTTP',
    doc: 'Where the HTTP door listens, and how much it takes in.',
    rule: ({ readyRequires }) => {
      const unknown = readyRequires.find((name) => name !== 'cache' && name !== 'vectordb');
      return unknown === undefined
        ? []
        : [{ setting: 'readyRequires', message: `may list cache and vectordb; ${unknown} is neither` }];
    },
  },
  {
    port: setting('PORT', { doc: 'TCP port. 0 takes a free one.' }).integer({ min: 0, max: 65_535 }).default('3000'),
    host: setting('HOST', {
      doc: 'Address to listen on. The default is reachable from this machine only; in a container set 0.0.0.0.',
    })
      .text()
      .default('127.0.0.1'),
    maxBodyBytes: setting('HTTP_BODY_MAX', { doc: 'Largest request body.' })
      .byteSize({ min: 1024, max: 256 * 1024 ** 2 })
      .default('4MiB'),
    requestTimeoutMs: setting('REQUEST_TIMEOUT', { doc: 'A request that has no answer after this time gets 504.' })
      .duration({ min: 100, max: 600_000 })
      .default('10s'),
    headersTimeoutMs: setting('HTTP_HEADERS_TIMEOUT', {
      doc: 'A connection that has not sent a whole request (headers and body) after this time is closed.',
    })
      .duration({ min: 1000, max: 600_000 })
      .default('30s'),
    stopTimeoutMs: setting('STOP_TIMEOUT', {
      doc: 'How long a stopping server waits for the requests under way before it closes their connections.',
    })
      .duration({ min: 0, max: 600_000 })
      .default('10s'),
    readyRequires: setting('READY_REQUIRES', {
      doc: 'Parts without which /health/ready answers 503: cache (its store), vectordb. Without any the instance stays ready and answers degraded.',
      example: 'cache,vectordb',
    })
      .list()
      .default(''),
    hsts: setting('HTTP_HSTS', { doc: 'Send Strict-Transport-Security: set it where TLS ends in front of the server.' })
      .flag()
      .default('false'),
    hotRoutes: setting('HTTP_HOT_ROUTES', {
      doc: 'Run the hot routes directly on Fastify, through the same pipeline steps. Turn it off to compare.',
    })
      .flag()
      .default('true'),
  },
);

export type HttpConfig = ConfigOf<typeof httpSection>;
