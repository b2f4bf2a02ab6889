// An issuer that publishes keys on this machine, and can be slow, down, huge, redirecting or mistaken.
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Behaviour = (reply: ServerResponse, path: string) => void;

export interface IssuerServer {
  readonly url: string;
  /** Requests that arrived, by path. */
  readonly asked: Record<string, number>;
  /** What is published under /keys. */
  keys: unknown[];
  /** Instead of publishing; gives nothing back to publish again. */
  behave: Behaviour | undefined;
  stop(): Promise<void>;
}

export async function startIssuer(keys: unknown[] = []): Promise<IssuerServer> {
  const server = createServer((request, reply) => {
    const path = request.url!;
    issuer.asked[path] = (issuer.asked[path] ?? 0) + 1;
    if (issuer.behave) return issuer.behave(reply, path);
    const document =
      path === '/.well-known/openid-configuration'
        ? { issuer: issuer.url, jwks_uri: `${issuer.url}/keys` }
        : { keys: issuer.keys };
    json(reply, document);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer: IssuerServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: {},
    keys,
    behave: undefined,
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return issuer;
}

export function json(reply: ServerResponse, document: unknown): void {
  reply.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(document));
}

export interface KeyPair {
  publicKey: KeyObject;
  privateKey: KeyObject;
}

export const anRsaPair = (modulusLength = 2048): KeyPair => generateKeyPairSync('rsa', { modulusLength });
export const anEcPair = (namedCurve = 'P-256'): KeyPair => generateKeyPairSync('ec', { namedCurve });

/** A key as it is published. */
export function published({ publicKey }: KeyPair, more: Record<string, unknown> = {}): Record<string, unknown> {
  return { ...publicKey.export({ format: 'jwk' }), use: 'sig', ...more };
}
