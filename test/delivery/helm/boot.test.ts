// What the chart gives the server boots the real one, for every value set: probes, tests and jobs of the chart then do what they are for.

import { spawnSync } from 'node:child_process';
import { Agent, request } from 'undici';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { mintToken, SCOPES, type Scope } from '#auth';
import { Secret } from '#ports';
import { type Authority, anAuthority } from '../../support/certificates.js';
import { ensureBuilt } from '../../support/child-server.js';
import { freePort, startRedis } from '../../support/redis.js';
import { allOf, manifestsOf, NAMESPACE, type Pod, podsOf, serverPod, VALUE_SETS } from './charts.js';
import { type Kept, PodHost, statusOf } from './pod-host.js';

const JWT = new Secret('a secret of the tests that is long enough');
const PASSWORD = '6f1e5c0a9d';

beforeAll(() => ensureBuilt(), 120_000);
vi.setConfig({ testTimeout: 120_000 });

const token = (...scopes: Scope[]) =>
  mintToken({ secret: JWT, tenant: 'default', subject: 'tests', scopes, ttlMs: 3_600_000 });

/** What an operator, the External Secrets Operator and cert-manager put beside the release. */
function keptBeside(set: string, authority: Authority): Kept {
  const settings = {
    JWT_SECRET: JWT.reveal(),
    CACHE_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64'),
    METRICS_TOKEN: 'a-token-of-the-scraper',
  };
  const { cert, key } = authority.issue({ subject: [['CN', 'server']], ips: ['127.0.0.1'] });
  const client = authority.issue({ subject: [['CN', 'client']] });
  const server = { 'tls.crt': cert, 'tls.key': key, 'ca.crt': authority.cert };
  const shown = { 'tls.crt': client.cert, 'tls.key': client.key, 'ca.crt': authority.cert };
  return {
    // A key that the provider `local` does not know would stop the server.
    resk: { ...settings, ...(set === 'production' && { EMBEDDING_API_KEY: 'sk-tests' }) },
    'release-resk-caching-settings': settings,
    redis: { 'redis-password': PASSWORD, password: PASSWORD },
    'resk-redis': { password: PASSWORD },
    openai: { key: 'sk-tests' },
    scrape: { METRICS_TOKEN: 'a-token-of-the-scraper' },
    'resk-jobs': { token: token(...SCOPES), jobs: token(...SCOPES) },
    'resk-tests': { token: token('cache:read', 'cache:write') },
    'release-resk-caching-tls': server,
    'answers-tls': server,
    'resk-tls': server,
    clients: { 'ca.crt': authority.cert },
    'release-resk-caching-client': shown,
    'answers-client': shown,
    prices: { 'prices.json': '[]' },
    questions: {
      'questions.jsonl': '{"query":"When?","response":"Now."}\n',
      'answers.csv': 'query,response\nWhen?,Now.\n',
    },
  };
}

/** A release whose server runs on this machine, with the Redis that its values speak of. */
async function release(set: string) {
  const manifests = manifestsOf(set, { upgrade: true });
  const port = await freePort();
  const pod = serverPod(manifests);
  const moved: Array<[string | RegExp, string]> = [
    [/(https?):\/\/[\w.-]+\.svc:\d+/, `$1://127.0.0.1:${port}`],
    ['https://127.0.0.1:3000', `https://127.0.0.1:${port}`],
  ];
  const wantsRedis = pod.spec.containers[0]!.env?.some(({ name }) => name === 'REDIS_URL');
  if (wantsRedis) {
    const redis = await startRedis();
    closed(redis.port);
    // TLS to Redis is proved elsewhere (libs/cache); here it is spoken plainly, to the same user with the same password.
    moved.unshift([/^rediss?:\/\/([^@]*@)[^/]+/, `redis://$1127.0.0.1:${redis.port}`]);
    return { redis, ...(await serve(set, manifests, pod, moved, port)) };
  }
  return { redis: undefined, ...(await serve(set, manifests, pod, moved, port)) };
}

/** From now on Redis asks for the password, of the default user and of the user `resk`. */
function closed(port: number): void {
  const commands = `acl setuser resk on >${PASSWORD} ~* &* +@all\nconfig set requirepass ${PASSWORD}\n`;
  const { stdout } = spawnSync('redis-cli', ['-p', `${port}`], { input: commands, encoding: 'utf8' });
  expect(stdout).toBe('OK\nOK\n');
}

async function serve(
  set: string,
  manifests: ReturnType<typeof manifestsOf>,
  pod: Pod,
  moved: Array<[string | RegExp, string]>,
  port: number,
) {
  const host = new PodHost(manifests, keptBeside(set, anAuthority('of the tests')), moved);
  return { manifests, host, pod, port, ...(await host.serve(pod, port)) };
}

describe.each(VALUE_SETS)('of %s', (set) => {
  test('the server starts, its probes pass, helm test passes, jobs do their work', async () => {
    const { manifests, host, pod, url, redis } = await release(set);
    try {
      for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe']) {
        expect({ probe, answer: await answerOf(host, pod, probe, url) }).toEqual({ probe, answer: 'good' });
      }
      for (const one of podsOf(manifests).filter(({ lasting }) => !lasting)) {
        const { code, output } = await host.run(one);
        expect({ owner: one.owner, code, output }).toMatchObject({ owner: one.owner, code: 0 });
      }
      const known = allOf(manifests, 'Job').some(({ metadata }) => metadata.name.endsWith('warm-up'));
      if (known) expect(await answerTo('When?', url)).toContain('Now.');
    } finally {
      await redis?.stop();
    }
  });
});

test('names of the Service and the address of the pod are good for a server that knows its names', async () => {
  const { url, redis } = await release('everything');
  const asked = (host: string) => statusOf(url, '/api/openapi.json', { host });
  for (const good of ['cache.example.com', `answers.${NAMESPACE}.svc:443`, `answers.${NAMESPACE}`, '127.0.0.1:3000']) {
    expect({ good, status: await asked(good) }).toEqual({ good, status: 200 });
  }
  expect(await asked('elsewhere.example.com')).toBe(421);
  await redis!.stop();
});

test('the metrics are for whoever has the token that the ServiceMonitor sends', async () => {
  const { manifests, url, redis } = await release('gateway');
  const [{ authorization, path }] = allOf(manifests, 'ServiceMonitor')[0]!.spec.endpoints;
  const { name, key } = authorization.credentials;
  const bearer = keptBeside('gateway', anAuthority('x'))[name]![key]!;
  expect(await statusOf(url, path)).toBe(401);
  expect(await statusOf(url, path, { authorization: `Bearer ${bearer}` })).toBe(200);
  await redis!.stop();
});

test('a client without a certificate gets no connection where certificates are required', async () => {
  const { url } = await release('mtls');
  await expect(statusOf(url, '/health/live')).rejects.toThrow();
});

test('helm test fails where the service does not answer, and says what it found', async () => {
  const { manifests, host, process: server } = await release('minimal');
  server.kill('SIGKILL');
  const { code, output } = await host.run(podsOf(manifests).find(({ owner }) => owner.startsWith('Pod '))!);
  expect(code).toBe(1);
  expect(output).toContain('FAILED lives');
});

test('a probe fails where the server does not answer', async () => {
  const { host, pod, process: server } = await release('mtls');
  server.kill('SIGKILL');
  const { code } = await host.run(pod, pod.spec.containers[0]!.livenessProbe.exec.command);
  expect(code).toBe(1);
});

test('settings with which the server would not start are found before the upgrade changes anything', async () => {
  const manifests = manifestsOf('minimal', { upgrade: true, set: ['config.JWT_ALGORITHMS=RS256'] });
  const host = new PodHost(manifests, keptBeside('minimal', anAuthority('x')), []);
  const check = podsOf(manifests).find(({ owner }) => owner.endsWith('config-check'))!;
  const { code, output } = await host.run(check);
  expect(code).not.toBe(0);
  expect(output).toContain('JWT_PUBLIC_KEY');
});

async function answerOf(host: PodHost, pod: Pod, probe: string, url: string): Promise<string> {
  const { httpGet, exec } = pod.spec.containers[0]![probe];
  if (httpGet) {
    const status = await statusOf(url, httpGet.path);
    return status === 200 ? 'good' : `${status}`;
  }
  const { code, output } = await host.run(pod, exec.command);
  return code === 0 ? 'good' : output;
}

async function answerTo(query: string, url: string): Promise<string> {
  const reply = await request(`${url}/api/cache/query`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token('cache:read')}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
    dispatcher: new Agent({ connect: { rejectUnauthorized: false } }),
  });
  return reply.body.text();
}
