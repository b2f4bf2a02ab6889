// Reads one figure of a server's metrics, as a scraper sees it.
import type { TestServer } from './server.js';

type Labels = Record<string, string>;

/** The sum of the samples of that name which carry the labels; 0 where there is none. */
export async function metric(server: Pick<TestServer, 'send'>, name: string, labels: Labels = {}): Promise<number> {
  const { text } = await server.send('GET', '/api/metrics', { token: null });
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  const samples = text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  const those = samples.filter((line) => wanted.every((pair) => line.includes(pair)));
  return those.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
