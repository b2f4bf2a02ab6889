// A double of the service that foreign.yaml describes: remembers what was asked, and answers as the document says.
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Request {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  body: string;
}

const BOOK = { id: '7', title: 'Emma', from: 1815, 'shelf-mark': null };
const PDF = Uint8Array.of(37, 80, 68, 70, 0, 255);

export class Library {
  readonly requests: Request[] = [];
  private readonly server: Server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method = '', url = '', headers } = request;
    this.requests.push({ method, url, headers, body: Buffer.concat(chunks).toString('latin1') });
    const [status, type, body] = answer(method, url.replace('/v2', ''));
    response.writeHead(status, type ? { 'content-type': type } : {}).end(body);
  });

  static async start(): Promise<Library> {
    const library = new Library();
    await new Promise<void>((resolve) => library.server.listen(0, '127.0.0.1', resolve));
    return library;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/v2/`;
  }

  stop(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
}

function answer(method: string, url: string): [status: number, type?: string, body?: string | Uint8Array] {
  if (method === 'DELETE') return [204];
  if (url.startsWith('/books/')) return [200, 'application/vnd.library+json; charset=utf-8', JSON.stringify(BOOK)];
  if (url === '/books') return [201, 'application/json', JSON.stringify(BOOK)];
  if (url.startsWith('/books?')) return [200, 'application/json', JSON.stringify([BOOK])];
  if (url.startsWith('/shelves/')) return [200, 'application/json', '["a"]'];
  if (url.startsWith('/covers')) return [200, 'text/plain', '4 bytes'];
  if (url.startsWith('/form')) return [200, 'application/pdf', PDF];
  return [202];
}
