// The door that Azure puts before OpenAI's embeddings API: its routes, its key or token, and its words for refusing them.
import type { IncomingMessage } from 'node:http';
import type { Door } from './openai.js';

export interface AzureDoorOptions {
  /** The only deployment there is. */
  deployment: string;
  apiKey: string;
  /** A token of Microsoft Entra ID that is taken too. */
  token?: string;
}

const VERSIONS = new Set(['2024-10-21', '2025-04-01-preview']);

/** The API of deployments (with a version in the query) and the v1 API, as documented at learn.microsoft.com. */
export function azureDoor({ deployment, apiKey, token }: AzureDoorOptions): Door {
  return (message: IncomingMessage) => {
    const url = new URL(message.url ?? '/', 'http://azure');
    const named = /^\/openai\/deployments\/([^/]+)\/embeddings$/.exec(url.pathname)?.[1];
    const known = named === undefined ? url.pathname === '/openai/v1/embeddings' : VERSIONS.has(versionOf(url));
    if (message.method !== 'POST' || !known) return refusal(404, '404', 'Resource not found');
    const { authorization, 'api-key': key } = message.headers;
    const trusted = key === apiKey || (token !== undefined && authorization === `Bearer ${token}`);
    if (!trusted) return refusal(401, '401', 'Access denied due to invalid subscription key or wrong API endpoint.');
    if (named !== undefined && named !== deployment)
      return refusal(404, 'DeploymentNotFound', 'The API deployment for this resource does not exist.');
    return named === undefined ? {} : { model: named };
  };
}

function versionOf(url: URL): string {
  return url.searchParams.get('api-version') ?? '';
}

function refusal(status: number, code: string, message: string) {
  return { status, body: { error: { code, message } } };
}
