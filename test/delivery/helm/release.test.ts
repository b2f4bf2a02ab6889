// Helm itself installs 0.1.0, upgrades it, tests it and takes it back, against a Kubernetes API on loopback.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test, vi } from 'vitest';
import { root } from '../../support/child-server.js';
import { CHART, helmProgram } from '../delivery-files.js';
import { type ApiServer, startApiServer } from './api-server.js';
import { NAMESPACE, valuesFile } from './charts.js';

vi.setConfig({ testTimeout: 120_000 });

const FORMER = fileURLToPath(new URL('releases/0.1.0', import.meta.url));
const NAME = 'resk-resk-caching';
const SECRET = ['--set', 'existingSecret=resk'];

async function helm(api: ApiServer, ...args: string[]) {
  const where = ['--kube-apiserver', api.url, '--kube-token', 'of-the-tests', '--namespace', NAMESPACE];
  const env = { PATH: process.env.PATH, HOME: '/nonexistent', KUBECONFIG: '/dev/null' };
  const child = spawn(helmProgram, [...args, ...where], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
  const [code] = await once(child, 'close');
  return { code, output };
}

const install = (api: ApiServer) => helm(api, 'install', 'resk', FORMER, ...SECRET);
const upgrade = (api: ApiServer, ...more: string[]) =>
  helm(api, 'upgrade', 'resk', CHART, '--values', `${FORMER}/values.yaml`, ...SECRET, ...more);

test('an upgrade checks the settings, then changes what there is, and a rollback takes it back', async () => {
  const api = await startApiServer();
  expect(await install(api)).toMatchObject({ code: 0 });
  const before = api.objects('Deployment')[0]!.spec;
  api.changes.length = 0;

  expect(await upgrade(api)).toMatchObject({ code: 0 });
  expect(api.changes[0]).toBe(`create Job ${NAME}-config-check`);
  expect(api.changes).toContain(`change Deployment ${NAME}`);
  expect(api.changes.filter((one) => /^delete (?!Job)/.test(one))).toEqual([]);
  expect(api.objects('PodDisruptionBudget')).toHaveLength(1);
  expect(api.objects('Job')).toEqual([]);

  api.changes.length = 0;
  expect(await helm(api, 'test', 'resk')).toMatchObject({ code: 0 });
  expect(api.changes).toContain(`create Pod ${NAME}-test`);

  expect(await helm(api, 'rollback', 'resk', '1')).toMatchObject({ code: 0 });
  expect(api.objects('Deployment')[0]!.spec).toEqual(before);
  expect(api.objects('PodDisruptionBudget')).toEqual([]);
  expect(api.objects('PersistentVolumeClaim')).toHaveLength(1);
});

test('settings with which the server would not start end the upgrade before it changes anything', async () => {
  const api = await startApiServer();
  await install(api);
  api.changes.length = 0;
  api.failing = 'config-check';
  const { code, output } = await upgrade(api);
  expect(code).not.toBe(0);
  expect(output).toContain('pre-upgrade hooks failed');
  expect(api.changes).toEqual([`create Job ${NAME}-config-check`]);
});

test('what Kubernetes refuses to change is refused here too', async () => {
  const api = await startApiServer();
  await install(api);
  const { code, output } = await upgrade(
    api,
    '--set',
    'nameOverride=another',
    '--set',
    'fullnameOverride=resk-resk-caching',
  );
  expect(code).not.toBe(0);
  expect(output).toContain('immutable');
});

test('neither an uninstall nor turning persistence off takes the data along', async () => {
  const api = await startApiServer();
  await install(api);
  await upgrade(api);
  const reached = '[{"to":[{"podSelector":{"matchLabels":{"app":"redis"}}}],"ports":[{"port":6379}]}]';
  const redis = 'persistence.enabled=false,redis.source=existing,redis.host=redis';
  const shared = ['--set', redis, '--set-json', `networkPolicy.egress=${reached}`];
  expect(await upgrade(api, ...shared)).toMatchObject({ code: 0 });
  expect(api.objects('PersistentVolumeClaim')).toHaveLength(1);
  expect(await helm(api, 'uninstall', 'resk')).toMatchObject({ code: 0 });
  expect(api.objects('Deployment')).toEqual([]);
  expect(api.objects('PersistentVolumeClaim')).toHaveLength(1);
});

test('a new installation warms the cache when its objects are there', async () => {
  const api = await startApiServer();
  const warm = ['hooks.warmUp.enabled=true', 'hooks.warmUp.configMap.name=questions', 'hooks.tokenSecret.name=jobs'];
  const set = warm.flatMap((one) => ['--set', one]);
  const done = await helm(api, 'install', 'resk', CHART, '--values', valuesFile('minimal'), ...set);
  expect(done).toMatchObject({ code: 0 });
  const at = (change: string) => api.changes.indexOf(change);
  expect(at(`create Job ${NAME}-warm-up`)).toBeGreaterThan(at(`create Deployment ${NAME}`));
  expect(at(`create Job ${NAME}-config-check`)).toBe(-1);
});

test('a Secret that the upgrade itself brings is not asked for before', async () => {
  const api = await startApiServer();
  const store = 'externalSecret.enabled=true,externalSecret.secretStoreRef.name=vault,existingSecret=';
  const values = [...['--values', valuesFile('minimal'), '--set', store], '--set', 'externalSecret.dataFrom={resk}'];
  const moveOver = () => helm(api, 'upgrade', 'resk', CHART, ...values);
  await install(api);
  api.changes.length = 0;
  expect(await moveOver()).toMatchObject({ code: 0 });
  expect(api.changes).toContain(`create ExternalSecret ${NAME}-settings`);
  expect(api.changes.filter((one) => one.includes('config-check'))).toEqual([]);

  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ metadata: { name: `${NAME}-settings` } });
  await fetch(`${api.url}/api/v1/namespaces/${NAMESPACE}/secrets`, { method: 'POST', headers, body });
  api.changes.length = 0;
  expect(await moveOver()).toMatchObject({ code: 0 });
  expect(api.changes).toContain(`create Job ${NAME}-config-check`);
});
