// Runs a container of the chart as a process of this machine: its very command, variables and files, at other addresses.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as plain } from 'node:http';
import { request as secure } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { root } from '../../support/child-server.js';
import { endsWithTest } from '../../support/ends-with-test.js';
import type { Manifest } from '../../support/kubernetes.js';
import { allOf, type Container, type Pod } from './charts.js';

/** Secrets (and ConfigMaps of the operator) by name. */
export type Kept = Record<string, Record<string, string>>;

export interface Ran {
  code: number | null;
  output: string;
}

/** What a pod is told of itself. */
const FIELDS: Record<string, string> = {
  'status.podIP': '127.0.0.1',
  'metadata.name': 'release-resk-caching-0',
  'spec.nodeName': 'node-1',
};
const READY_WITHIN_MS = 40_000;

/**
 * The node on which pods of a release run. What is rewritten: the paths of mounted volumes (to folders of the test), and
 * the addresses in `moved` (to loopback). Everything else is as the chart says.
 */
export class PodHost {
  private readonly folder = mkdtempSync(join(tmpdir(), 'resk-pod-'));

  constructor(
    private readonly manifests: Manifest[],
    private readonly kept: Kept,
    /** Texts of addresses in the cluster, and what takes their place. */
    private readonly moved: Array<[string | RegExp, string]>,
  ) {
    onTestFinished(() => rmSync(this.folder, { recursive: true, force: true }));
  }

  /** The variables of the first container, as the kubelet would set them. */
  variablesOf(pod: Pod): Record<string, string> {
    const [{ env = [], envFrom = [] }] = pod.spec.containers as [Container];
    const variables: Record<string, string> = {};
    for (const { configMapRef, secretRef } of envFrom) {
      Object.assign(variables, configMapRef ? this.configMap(configMapRef.name) : this.secret(secretRef!.name));
    }
    for (const { name, value, valueFrom } of env) {
      if (value !== undefined) variables[name] = value.replace(/\$\((\w+)\)/g, (text, of) => variables[of] ?? text);
      else if (valueFrom?.secretKeyRef)
        variables[name] = this.keyOf(valueFrom.secretKeyRef as { name: string; key: string });
      else variables[name] = FIELDS[(valueFrom as { fieldRef: { fieldPath: string } }).fieldRef.fieldPath]!;
    }
    const placed = this.mountsOf(pod);
    return Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, this.here(value, placed)]));
  }

  /** Starts the server of a pod, and gives its address when it lives. It ends with the test. */
  async serve(pod: Pod, port: number): Promise<{ url: string; process: ChildProcess }> {
    const variables: Record<string, string> = {
      ...this.variablesOf(pod),
      HOST: '127.0.0.1',
      PORT: `${port}`,
      LOG_LEVEL: 'error',
    };
    const child = this.spawn(['node', 'dist/apps/server/src/main.js'], variables);
    const url = `${variables.TLS_CERT ? 'https' : 'http'}://127.0.0.1:${port}`;
    await listening(port, child);
    return { url, process: child.process };
  }

  /** Runs a container to its end: its own command, or another one in its place (a probe). */
  async run(pod: Pod, command?: readonly string[]): Promise<Ran> {
    const [container] = pod.spec.containers as [Container];
    const placed = this.mountsOf(pod);
    const whole = command ?? [...container.command!, ...(container.args ?? [])];
    const child = this.spawn(
      whole.map((part) => this.here(part, placed)),
      this.variablesOf(pod),
    );
    const code = await child.ended;
    return { code, output: child.output() };
  }

  private spawn([program, ...args]: string[], variables: Record<string, string>) {
    const env = { PATH: `${this.commands()}:${process.env.PATH}`, SMOKE_PATIENCE_MS: '5000', ...variables };
    // The image starts in the folder of the product, as this does.
    const child = spawn(program!, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
    const ended = once(child, 'close').then(([code]) => code as number | null);
    endsWithTest(child, ended);
    return { process: child, ended, output: () => output };
  }

  /** The folder of the programs that the image brings beside Node. */
  private commands(): string {
    const folder = join(this.folder, 'bin');
    mkdirSync(folder, { recursive: true });
    const program = join(folder, 'resk');
    writeFileSync(program, `#!/bin/sh\nexec node '${join(root, 'dist/apps/cli/src/main.js')}' "$@"\n`, { mode: 0o755 });
    return folder;
  }

  /** Makes the volumes of a pod, and tells which mount path is which folder. The longest path comes first. */
  private mountsOf({ spec, owner }: Pod): Array<[string, string]> {
    const mounts = (spec.containers[0] as Container).volumeMounts ?? [];
    const placed = mounts.map(({ name, mountPath }): [string, string] => {
      const volume = (spec.volumes ?? []).find((one) => one.name === name) ?? {};
      const folder = join(this.folder, owner.replace(/\W/g, '-'), name);
      mkdirSync(folder, { recursive: true });
      const files = volume.secret
        ? this.secret(volume.secret.secretName)
        : volume.configMap
          ? this.configMap(volume.configMap.name)
          : {};
      const items = (volume.secret?.items ?? Object.keys(files).map((key) => ({ key, path: key }))) as Item[];
      for (const { key, path } of items) {
        if (files[key] === undefined) throw new Error(`${owner}: volume ${name} wants ${key}, which is not there`);
        writeFileSync(join(folder, path), files[key]);
      }
      return [mountPath, folder];
    });
    return placed.sort(([a], [b]) => b.length - a.length);
  }

  private here(text: string, placed: Array<[string, string]>): string {
    const [path, folder] = placed.find(([mount]) => text === mount || text.startsWith(`${mount}/`)) ?? [];
    const local = path === undefined ? text : folder + text.slice(path.length);
    return this.moved.reduce((so, [from, to]) => so.replace(from, to), local);
  }

  private configMap(name: string): Record<string, string> {
    const made = allOf(this.manifests, 'ConfigMap').find(({ metadata }) => metadata.name === name);
    return (made?.data as Record<string, string> | undefined) ?? this.secret(name);
  }

  private secret(name: string): Record<string, string> {
    const found = this.kept[name];
    if (!found) throw new Error(`nobody has made ${name}`);
    return found;
  }

  private keyOf({ name, key }: { name: string; key: string }): string {
    const value = this.secret(name)[key];
    if (value === undefined) throw new Error(`${name} has no key ${key}`);
    return value;
  }
}

interface Item {
  key: string;
  path: string;
}

/** Asks as the kubelet does: whoever the server says it is. */
export function statusOf(url: string, path: string, headers: Record<string, string> = {}): Promise<number> {
  const request = url.startsWith('https:') ? secure : plain;
  return new Promise((resolve, reject) => {
    const asked = request(url + path, { rejectUnauthorized: false, headers }, (reply) => {
      reply.resume();
      resolve(reply.statusCode!);
    });
    asked.on('error', reject);
    asked.end();
  });
}

async function listening(port: number, child: { process: ChildProcess; output: () => string }): Promise<void> {
  const giveUpAt = Date.now() + READY_WITHIN_MS;
  for (;;) {
    if (child.process.exitCode !== null) throw new Error(`the server did not start: ${child.output()}`);
    const [http, https] = ['http', 'https'].map((scheme) => statusOf(`${scheme}://127.0.0.1:${port}`, '/health/live'));
    const replies = await Promise.allSettled([http!, https!]);
    // A server that asks for a certificate refuses this one, which is a sign of life too.
    if (replies.some((one) => one.status === 'fulfilled' || !/ECONNREFUSED/.test(`${one.reason.code}`))) return;
    if (Date.now() > giveUpAt) throw new Error(`the server does not answer: ${child.output()}`);
    await pause(50);
  }
}
