// The Redis of the chart, as its StatefulSet starts it: real, closed to whoever has no password, and keeping what it was told.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { freePort } from '../../support/redis.js';
import { allOf, manifestsOf, oneOf } from './charts.js';

const PASSWORD = '0b5d3c';
const manifests = manifestsOf('canary');
const name = 'release-resk-caching-redis';
const [container] = oneOf(manifests, 'StatefulSet').spec.template.spec.containers;

/** Starts redis-server by the chart's command and configuration, with its volume in a folder of the test. */
async function started(folder: string) {
  const port = await freePort();
  const text = oneOf(manifests, 'ConfigMap', name).data['redis.conf'] as string;
  writeFileSync(
    join(folder, 'redis.conf'),
    `${text.replace('dir /data', `dir ${folder}`).replace('port 6379', `port ${port}`)}\nbind 127.0.0.1\n`,
  );
  const [program, ...args] = (container.command as string[]).map((part) =>
    part.replace('/etc/redis', folder).replace('$(REDISCLI_AUTH)', PASSWORD),
  );
  const child = spawn(program!, args, { stdio: 'ignore' });
  const ended = once(child, 'close');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const cli = (password: string | undefined, ...words: string[]) => {
    const env = { PATH: process.env.PATH, ...(password && { REDISCLI_AUTH: password }) };
    const done = spawnSync('redis-cli', ['-p', `${port}`, ...words], { encoding: 'utf8', env });
    return { code: done.status, said: `${done.stdout}${done.stderr}`.trim() };
  };
  const probe = () => cli(PASSWORD, ...(container.readinessProbe.exec.command as string[]).slice(1));
  await vi.waitFor(() => expect(probe().code).toBe(0), { timeout: 20_000 });
  return { cli, probe, child, ended };
}

function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'resk-redis-chart-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test('answers its probe, and nobody without the password', async () => {
  const { cli, probe, child } = await started(aFolder());
  expect(probe()).toEqual({ code: 0, said: 'PONG' });
  expect(cli(undefined, '-e', 'ping').code).not.toBe(0);
  expect(cli('another', '-e', 'ping').code).not.toBe(0);
  expect(cli(PASSWORD, 'config', 'get', 'maxmemory-policy').said).toContain('volatile-lru');
  expect(cli(PASSWORD, 'config', 'get', 'maxmemory').said).toContain(`${256 * 1024 * 1024}`);
  const { stdout } = spawnSync('ps', ['-o', 'args=', '-p', `${child.pid}`], { encoding: 'utf8' });
  expect(stdout).not.toContain(PASSWORD);
});

test('keeps what was written when the pod is stopped and comes back', async () => {
  const folder = aFolder();
  const first = await started(folder);
  expect(first.cli(PASSWORD, 'set', 'data-key', 'wrapped').said).toBe('OK');
  first.child.kill('SIGTERM');
  await first.ended;
  const again = await started(folder);
  expect(again.cli(PASSWORD, 'get', 'data-key').said).toBe('wrapped');
});

test('its memory leaves room for itself below what the pod may have', () => {
  const { maxMemory, limit } = {
    maxMemory: Number(/maxmemory (\d+)mb/.exec(oneOf(manifests, 'ConfigMap', name).data['redis.conf'])![1]),
    limit: Number.parseInt(container.resources.limits.memory, 10),
  };
  expect(maxMemory * 1.5).toBeLessThanOrEqual(limit);
});

test('is reached by the pods of the server alone', () => {
  const policy = oneOf(manifests, 'NetworkPolicy', name);
  const { podSelector } = policy.spec.ingress[0].from[0];
  expect(policy.spec.ingress).toHaveLength(1);
  expect(policy.spec.egress).toBeUndefined();
  expect(podSelector.matchLabels['app.kubernetes.io/name']).toBe('resk-caching');
});

test('is not there where the values name another', () => {
  expect(allOf(manifestsOf('production'), 'StatefulSet')).toEqual([]);
});
