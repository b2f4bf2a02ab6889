// The door without the service behind it: both instances' server, limits, headers and failures, in front of a few plain routes.
import { once } from 'node:events';
import type { Server as HttpServer } from 'node:http';
import type { Server as TlsServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import type { FastifyRequest } from 'fastify';
import { onTestFinished } from 'vitest';
import { environmentSources, readConfig } from '#config';
import { AllowedHosts } from '../../src/http/allowed-hosts.js';
import { Connections } from '../../src/http/connections.js';
import { Cors } from '../../src/http/cors.js';
import { Doorkeeper } from '../../src/http/doorkeeper.js';
import { dress, mainInstance, type Shortcut } from '../../src/http/fastify-instance.js';
import { httpSection } from '../../src/http/http.section.js';
import { asFailure, problemOf } from '../../src/http/problem.js';
import { Arrivals } from '../../src/http/request.js';
import { RouteTable } from '../../src/http/route-table.js';
import { tlsSection } from '../../src/http/tls.section.js';
import { TlsFiles } from '../../src/http/tls-files.js';
import { rateLimitSection } from '../../src/rate-limit/index.js';

export interface Door {
  port: number;
  url: string;
  server: HttpServer & TlsServer;
  tls: TlsFiles | undefined;
  /** Requests that got as far as a route. */
  served: FastifyRequest[];
  /** Opens a connection that ends with the test. */
  dial(): Socket;
  /** Sends bytes as they are, and gives everything that comes back until the connection ends. */
  raw(bytes: string): Promise<string>;
}

export async function aDoor(env: Record<string, string> = {}, shortcut: Shortcut = () => false): Promise<Door> {
  const sources = environmentSources({ env, envFile: false });
  const config = readConfig([httpSection, tlsSection, rateLimitSection], sources);
  const { trustedProxies } = config.rateLimit;
  const tls = TlsFiles.open(config.tls);
  const routes = new RouteTable();
  const rules = {
    hsts: config.http.hsts || tls !== undefined,
    cors: Cors.of(config.http.corsOrigins),
    keeper: new Doorkeeper(AllowedHosts.of(config.http.allowedHosts)),
  };
  const connections = new Connections({ perAddress: config.http.maxConnectionsPerAddress, trustedProxies });
  const instance = mainInstance({ config: config.http, routes, rules, connections, tls }, shortcut);
  const arrivals = new Arrivals(trustedProxies, 1000, tls?.asksClients);
  dress(instance, { rules, arrivals, routes }, () => undefined);
  const served: FastifyRequest[] = [];
  instance.setErrorHandler((error, request, reply) => {
    const problem = problemOf(asFailure(error), request.exchange.correlationId);
    void reply.code(problem.status).type('application/problem+json').send(JSON.stringify(problem));
  });
  const serve = async (request: FastifyRequest) => {
    served.push(request);
    return { certificate: request.exchange.certificate ?? null };
  };
  instance.get('/health', serve);
  instance.get('/api/thing', serve);
  instance.post('/api/thing', serve);
  await instance.listen({ port: 0, host: '127.0.0.1' });
  onTestFinished(async () => {
    instance.server.closeAllConnections();
    await instance.close();
  });
  const { port } = instance.server.address() as AddressInfo;
  const dial = () => {
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    onTestFinished(() => void socket.destroy());
    return socket;
  };
  return {
    port,
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    server: instance.server as HttpServer & TlsServer,
    tls,
    served,
    dial,
    raw: async (bytes) => {
      const socket = dial();
      await once(socket, 'connect');
      socket.write(Buffer.from(bytes, 'latin1'));
      return text(socket);
    },
  };
}
