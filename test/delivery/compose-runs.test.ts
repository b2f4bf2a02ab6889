// What compose would start, started here: the built server with its very environment on real Redis and Chroma, and the door before two of them.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Agent, fetch as undiciFetch } from 'undici';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { OtlpReceiver } from '../doubles/otlp-receiver.js';
import { anAuthority } from '../support/certificates.js';
import { ensureBuilt, root } from '../support/child-server.js';
import { startChroma } from '../support/chroma.js';
import { freePort } from '../support/redis.js';
import {
  aFolder,
  composeRedis,
  composeServer,
  haproxy,
  redisCli,
  secretsIn,
  serverEnvironment,
} from './compose-parts.js';
import { composeProject } from './compose-project.js';
import { textOf } from './delivery-files.js';

const PATIENT = { timeout: 30_000 };
const WHOLE = 180_000;

beforeAll(() => ensureBuilt(), 300_000);

/** Redis, Chroma, a collector and the secrets, as the project has them. */
async function parts() {
  const secrets = aFolder();
  secretsIn(secrets);
  const [redis, chroma, collector] = await Promise.all([composeRedis(secrets), startChroma(), OtlpReceiver.start()]);
  onTestFinished(() => Promise.all([chroma.stop(), collector.stop()]).then(() => {}));
  const places = {
    'redis:6379': `127.0.0.1:${redis.port}`,
    'chroma:8000': `127.0.0.1:${chroma.port}`,
    'http://otel-collector:4318': collector.endpoint,
  };
  return { secrets, redis, chroma, collector, places };
}

async function asking(url: string, token: string) {
  const send = async (path: string, body?: object) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const reply = await fetch(url + path, body ? { method: 'POST', headers, body: JSON.stringify(body) } : { headers });
    return { status: reply.status, text: await reply.text() };
  };
  return {
    send,
    json: async (path: string, body: object) => JSON.parse((await send(path, body)).text) as Record<string, unknown>,
  };
}

describe('the secrets service', () => {
  it('makes each secret once, and tells none', () => {
    const folder = aFolder();
    const said = secretsIn(folder);
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const read = () => files.map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'utf8'));
    const first = read();
    expect(files.length).toBe(9);
    for (const secret of first.filter((text) => !text.includes(' '))) expect(said).not.toContain(secret);
    expect(secretsIn(folder)).toBe('Every secret was there.\n');
    expect(read()).toEqual(first);
    // What is made of others is made anew where it is another.
    rmSync(join(folder, 'server/redis-url'));
    writeFileSync(join(folder, 'server/redis-url'), 'of a former version', { mode: 0o444 });
    secretsIn(folder);
    expect(read()).toEqual(first);
    expect(files.map(({ parentPath, name }) => statSync(join(parentPath, name)).mode & 0o222)).toEqual(
      files.map(() => 0),
    );
  });

  it('makes others elsewhere', () => {
    const [one, two] = [aFolder(), aFolder()];
    for (const folder of [one, two]) secretsIn(folder);
    for (const path of ['server/jwt-secret', 'server/encryption-key', 'redis/password']) {
      expect(readFileSync(join(one, path), 'utf8')).not.toBe(readFileSync(join(two, path), 'utf8'));
    }
  });
});

describe('the whole', () => {
  it(
    'keeps answers in Redis, documents in Chroma, is scraped with its token and sends its traces',
    async () => {
      const { secrets, redis, collector, places } = await parts();
      const server = await composeServer(serverEnvironment(secrets, places));
      const { send, json } = await asking(server.url, server.resk('token', '--tenant', 'north'));

      expect(await json('/api/cache/query', { query: 'Open on Sunday?' })).toMatchObject({ hit: false });
      expect(await json('/api/cache', { query: 'Open on Sunday?', response: 'No.' })).toMatchObject({ success: true });
      expect(await json('/api/cache/query', { query: 'Open on Sunday?' })).toMatchObject({ hit: true, result: 'No.' });
      const documents = [{ id: 'hours', text: 'The library is open from nine to five.' }];
      expect(await json('/api/vectors/upsert', { documents })).toMatchObject({ upserted: 1 });
      expect(await json('/api/cache/query', { query: 'The library is open from nine to five.' })).toMatchObject({
        source: 'vectordb',
      });

      const password = readFileSync(join(secrets, 'redis/password'), 'utf8');
      const asServer = ['--no-auth-warning', '--user', 'resk', '--pass', password];
      const keys = redisCli(redis, ...asServer, 'SCAN', '0', 'COUNT', '1000')
        .trim()
        .split('\n')
        .slice(1);
      expect(keys.length).toBeGreaterThan(0);
      expect(keys.filter((key) => !key.startsWith('resk'))).toEqual([]);
      // What was kept is sealed, though Redis is our own.
      const values = keys.map((key) => redisCli(redis, ...asServer, '--no-raw', 'DUMP', key)).join('');
      expect(values).not.toContain('Sunday');

      expect((await fetch(`${server.url}/api/metrics`)).status).toBe(401);
      const scraper = await asking(server.url, readFileSync(join(secrets, 'prometheus/metrics-token'), 'utf8'));
      const metrics = (await scraper.send('/api/metrics')).text;
      expect(metrics).toMatch(/^resk_cache_lookups_total\{.*\} [1-9]/m);
      // No call to Redis was refused for want of a right.
      expect(metrics).not.toMatch(/^resk_cache_store_failures_total\{.*\} [1-9]/m);
      expect((await send('/health/ready')).text).toContain('"status":"ok"');
      // What is in them is held elsewhere; without the published protos they could not even be read.
      await expect.poll(() => collector.deliveries.length, PATIENT).toBeGreaterThan(0);

      server.process.kill('SIGTERM');
      expect(await server.ended).toBe(0);
    },
    WHOLE,
  );

  it('has a Redis that knows nobody but the server, and lets it do no harm', async () => {
    const secrets = aFolder();
    secretsIn(secrets);
    const redis = await composeRedis(secrets);
    const password = readFileSync(join(secrets, 'redis/password'), 'utf8');
    const as = (user: string, pass: string, ...command: string[]) =>
      redisCli(redis, '--no-auth-warning', '--user', user, '--pass', pass, ...command);
    expect(redisCli(redis, 'GET', 'resk')).toContain('NOAUTH');
    expect(as('resk', 'wrong', 'GET', 'resk')).toMatch(/WRONGPASS|NOAUTH/);
    expect(as('resk', password, 'SET', 'resk:one', '1')).toBe('OK\n');
    expect(as('resk', password, 'SET', 'other:one', '1')).toContain('NOPERM');
    for (const command of ['FLUSHALL', 'CONFIG GET *', 'KEYS *', 'ACL LIST']) {
      expect(as('resk', password, ...command.split(' ')), command).toContain('NOPERM');
    }
    expect(as('probe', 'any', 'GET', 'resk:one')).toContain('NOPERM');
    const [, hash] = /^user resk on #(\w+)/m.exec(readFileSync(join(secrets, 'redis/users.acl'), 'utf8'))!;
    expect(hash).toBe(createHash('sha256').update(password).digest('hex'));
  });

  it(
    'asks Redis and Chroma for their health in a way that both understand',
    async () => {
      const { redis, chroma } = await parts();
      const { services } = composeProject();
      // An engine ends a check that takes longer.
      const run = ([, program, ...args]: string[]) => spawnSync(program!, args, { timeout: 3000 }).status;
      const redisTest = (port: number) => services.redis!.healthcheck!.test!.toSpliced(2, 0, '-p', `${port}`);
      const chromaTest = (port: number) =>
        services.chroma!.healthcheck!.test!.map((one) => one.replace('/8000', `/${port}`));
      expect(run(redisTest(redis.port))).toBe(0);
      expect(run(chromaTest(chroma.port))).toBe(0);
      const nobody = await freePort();
      expect(run(redisTest(nobody))).not.toBe(0);
      expect(run(chromaTest(nobody))).not.toBe(0);
      // A server that answers, and is no Chroma.
      expect(run(chromaTest(redis.port))).not.toBe(0);
    },
    WHOLE,
  );
});

describe('the door', () => {
  const certificate = (folder: string) => {
    const authority = anAuthority('Throwaway');
    const { cert, key } = authority.issue({ subject: [['CN', 'localhost']], dns: ['localhost'], ips: ['127.0.0.1'] });
    writeFileSync(join(folder, 'door.pem'), `${cert}${key}`);
    const dispatcher = new Agent({ connect: { ca: authority.cert } });
    onTestFinished(() => dispatcher.destroy());
    const through = (url: string, init: object = {}) => undiciFetch(url, { ...init, dispatcher });
    return { path: join(folder, 'door.pem'), through };
  };

  async function aDoor(instances: [string, string]) {
    const { path, through } = certificate(aFolder());
    const [door, well] = [await freePort(), await freePort()];
    await haproxy('door.cfg', {
      'bind :8443': `bind 127.0.0.1:${door}`,
      'bind :8404': `bind 127.0.0.1:${well}`,
      '/run/secrets/door-certificate': path,
      'server:3000': instances[0],
      'replica:3000': instances[1],
    });
    return { url: `https://127.0.0.1:${door}`, through };
  }

  it(
    'shares questions out among instances that share answers, and outlives one of them',
    async () => {
      const { secrets, places } = await parts();
      const [one, two] = await Promise.all([
        composeServer(serverEnvironment(secrets, places)),
        composeServer(serverEnvironment(secrets, places)),
      ]);
      const { url, through } = await aDoor([new URL(one.url).host, new URL(two.url).host]);
      const headers = { authorization: `Bearer ${one.resk('token')}`, 'content-type': 'application/json' };
      const send = async (path: string, body: object) => {
        const reply = await through(url + path, { method: 'POST', headers, body: JSON.stringify(body) });
        return { reply, json: (await reply.json()) as Record<string, unknown> };
      };
      expect((await send('/api/cache', { query: 'shared?', response: 'Yes.' })).json).toMatchObject({ success: true });
      for (let n = 0; n < 8; n++) {
        const { reply, json } = await send('/api/cache/query', { query: 'shared?' });
        expect(json).toMatchObject({ hit: true });
        expect(reply.headers.get('strict-transport-security')).toBe('max-age=31536000');
      }
      const scrape = {
        headers: { authorization: `Bearer ${readFileSync(join(secrets, 'prometheus/metrics-token'), 'utf8')}` },
      };
      for (const instance of [one, two]) {
        const metrics = await (await fetch(`${instance.url}/api/metrics`, scrape)).text();
        expect(metrics).toMatch(/^resk_http_requests_total\{.*route="\/api\/cache\/query".*\} [1-9]/m);
      }
      expect((await through(`${url}/api/metrics`, scrape)).status).toBe(404);

      one.process.kill('SIGKILL');
      await one.ended;
      for (let n = 0; n < 4; n++)
        expect((await send('/api/cache/query', { query: 'shared?' })).json).toMatchObject({ hit: true });
    },
    WHOLE,
  );

  it('says itself who asks, whatever the client says', async () => {
    const seen: IncomingHttpHeaders[] = [];
    const echo = createServer((request, response) => {
      if (request.url !== '/health/ready') seen.push(request.headers);
      response.end();
    }).listen(0, '127.0.0.1');
    await new Promise((listening) => echo.once('listening', listening));
    onTestFinished(() => void echo.close());
    const place = `127.0.0.1:${(echo.address() as AddressInfo).port}`;
    const { url, through } = await aDoor([place, place]);
    await through(`${url}/x`, { headers: { 'x-forwarded-for': '203.0.113.9' } });
    expect(seen.map((headers) => headers['x-forwarded-for'])).toEqual(['127.0.0.1']);
  });
});

it('the taps lead to what is inside', async () => {
  const secrets = aFolder();
  secretsIn(secrets);
  const redis = await composeRedis(secrets);
  const ports = await Promise.all(Array.from({ length: 5 }, () => freePort()));
  const [redisTap, ...others] = ports.map((port) => `127.0.0.1:${port}`);
  await haproxy('taps.cfg', {
    'bind :6379': `bind ${redisTap}`,
    'bind :8000': `bind ${others[0]}`,
    'bind :9090': `bind ${others[1]}`,
    'bind :4318': `bind ${others[2]}`,
    'bind :8404': `bind ${others[3]}`,
    'redis:6379': `127.0.0.1:${redis.port}`,
    'chroma:8000': '127.0.0.1:1',
    'prometheus:9090': '127.0.0.1:1',
    'otel-collector:4318': '127.0.0.1:1',
  });
  expect(redisCli({ port: ports[0]! }, '--no-auth-warning', '--user', 'probe', '--pass', 'any', 'PING')).toBe('PONG\n');
  const published = composeProject().services.taps!.ports!.map((line) => line.split(':').at(-1));
  expect(published).toEqual(
    [...textOf('deploy/compose/taps.cfg').matchAll(/^listen (?!well).*\n\s+bind :(\d+)$/gm)].map(([, port]) => port),
  );
});

describe('Prometheus', () => {
  const check = (text: string) => {
    const file = join(aFolder(), 'prometheus.yml');
    writeFileSync(file, text);
    return spawnSync('promtool', ['check', 'config', file], { encoding: 'utf8' });
  };
  const here = () => {
    const secrets = aFolder();
    secretsIn(secrets);
    return textOf('deploy/compose/prometheus.yml')
      .replace('/secrets/', `${secrets}/`)
      .replace('/etc/prometheus/rules/', join(root, 'helm/resk-caching/monitoring/'));
  };

  it('accepts its configuration, with the rules that are mounted', () => {
    const { status, stdout, stderr } = check(here());
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/SUCCESS: \d+ rules found[\s\S]*SUCCESS: \d+ rules found/);
    const rules = composeProject().services.prometheus!.volumes!.filter((line) =>
      line.includes('/etc/prometheus/rules/'),
    );
    expect(rules).toHaveLength(
      readdirSync(join(root, 'helm/resk-caching/monitoring')).filter((name) => name.endsWith('.rules.yaml')).length,
    );
  });

  it('would not accept a wrong one', () => {
    expect(check(here().replace('scrape_interval', 'scrape_intervall')).status).not.toBe(0);
    expect(check(here().replace('metrics-token', 'no-token')).status).not.toBe(0);
  });
});

it('every command of the containers names programs and files that are there', () => {
  const { services } = composeProject();
  expect(services.secrets!.command).toEqual(['node', '/secrets.mjs', '/secrets']);
  expect(
    execFileSync(process.execPath, ['--check', 'deploy/compose/secrets.mjs'], { cwd: root, encoding: 'utf8' }),
  ).toBe('');
  expect(services.prometheus!.command!.join(' ')).toContain('/etc/prometheus/prometheus.yml');
  expect(services['otel-collector']!.command).toEqual(['--config=/etc/otel-collector.yml']);
});
