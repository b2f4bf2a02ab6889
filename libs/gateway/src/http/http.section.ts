// Where the HTTP door listens, and how much it takes in.
import { type ConfigOf, section, setting } from '#config';

/** A name, `*.name`, an address; with or without a port. */
const HOST = /^((\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])(:\d{1,5})?$/i;

export const httpSection = section(
  'http',
  {
    title: 'HTTP',
    doc: 'Where the HTTP door listens, and how much it takes in.',
    rule: ({ readyRequires, allowedHosts, corsOrigins }) => {
      const unknown = readyRequires.find((name) => name !== 'cache' && name !== 'vectordb');
      const host = allowedHosts.find((one) => !HOST.test(one));
      const origin = corsOrigins.find((one) => !URL.canParse(one) || new URL(one).origin !== one);
      return [
        ...problem('readyRequires', unknown, 'may list cache and vectordb; %s is neither'),
        ...problem('allowedHosts', host, 'must list hosts such as cache.example.com or *.cache.svc:3000; %s is none'),
        ...problem('corsOrigins', origin, 'must list origins such as https://app.example.com; %s is none'),
      ];
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
    maxConnections: setting('HTTP_CONNECTIONS_MAX', { doc: 'Connections at a time. More are closed as they come.' })
      .integer({ min: 1, max: 1_000_000 })
      .default('10000'),
    maxConnectionsPerAddress: setting('HTTP_CONNECTIONS_PER_ADDRESS', {
      doc: 'Connections at a time of one address, or of one IPv6 /64 network. More are closed as they come. Those of TRUSTED_PROXIES are not counted.',
    })
      .integer({ min: 1, max: 1_000_000 })
      .default('1000'),
    maxRequestsPerConnection: setting('HTTP_REQUESTS_PER_CONNECTION', {
      doc: 'After so many requests the reply asks the client for a new connection, so that clients spread over instances. 0 never does.',
    })
      .integer({ min: 0, max: 1_000_000_000 })
      .default('0'),
    allowedHosts: setting('ALLOWED_HOSTS', {
      doc: 'Names in the Host header by which the service may be asked, with or without a port; *.name stands for every name below it. Others get 421; probes under /health are exempt. Unset: any.',
      example: 'cache.example.com,*.cache.svc',
    })
      .list()
      .default(''),
    corsOrigins: setting('CORS_ORIGINS', {
      doc: 'Origins whose pages may use the API, and its events unless EVENTS_ORIGINS says otherwise. Unset: none.',
      example: 'https://app.example.com',
    })
      .list()
      .default(''),
    hsts: setting('HTTP_HSTS', {
      doc: 'Send Strict-Transport-Security: set it where TLS ends in front of the server. With TLS_CERT it is always sent.',
    })
      .flag()
      .default('false'),
    hotRoutes: setting('HTTP_HOT_ROUTES', {
      doc: 'Run the hot routes directly on Fastify, through the same pipeline steps. Turn it off to compare.',
    })
      .flag()
      .default('true'),
  },
);

function problem<Name extends string>(setting: Name, wrong: string | undefined, says: string) {
  return wrong === undefined ? [] : [{ setting, message: says.replace('%s', () => wrong) }];
}

export type HttpConfig = ConfigOf<typeof httpSection>;
