// A container of the image under runc: the user, the read-only root, the lack of rights and the process tree that an engine would give it.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** What scripts/test-image.mjs has built, and says in the file that RESK_IMAGE names. */
export interface BuiltImage {
  /** Its files, unpacked. */
  rootfs: string;
  config: {
    Env: string[];
    Cmd: string[];
    User: string;
    WorkingDir: string;
    ExposedPorts: object;
    Volumes: object;
    Labels: Record<string, string>;
    StopSignal: string;
    Healthcheck: { Test: string[] };
    Hostname?: string;
    Entrypoint?: string[];
    Shell?: string[];
  };
  architecture: string;
  /** Unpacked digests of the layers. */
  layers: string[];
  sizes: Array<{ made: string; bytes: number; packed: number }>;
}

export interface Built {
  /** `[]`, or how sudo is called. */
  asRoot: string[];
  server: BuiltImage;
  /** The same, built once more from nothing. */
  again: BuiltImage;
  /** With every provider. */
  full: BuiltImage;
}

export const built = JSON.parse(readFileSync(process.env.RESK_IMAGE!, 'utf8')) as Built;

export interface ContainerOptions {
  image?: BuiltImage;
  env?: Record<string, string>;
  /** In place of the image's. */
  command?: string[];
  /** Folder on this machine that is mounted as /data; a new one by default. */
  data?: string;
  /** Folders on this machine by where they are mounted, to be read. */
  mounts?: Record<string, string>;
}

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

export class Container {
  readonly ended: Promise<Ended>;
  stdout = '';
  stderr = '';

  private constructor(
    private readonly id: string,
    process: ChildProcess,
  ) {
    process.stdout!.on('data', (text) => (this.stdout += text));
    process.stderr!.on('data', (text) => (this.stderr += text));
    this.ended = once(process, 'close').then(([code]) => ({ code, stdout: this.stdout, stderr: this.stderr }));
  }

  /** Starts it; it ends with the test. */
  static start(options: ContainerOptions = {}): Container {
    const bundle = mkdtempSync(join(tmpdir(), 'resk-bundle-'));
    const id = `resk-${randomBytes(6).toString('hex')}`;
    writeFileSync(join(bundle, 'config.json'), JSON.stringify(specification(options)));
    const [program, ...args] = commandLine('runc', 'run', '--bundle', bundle, id);
    const container = new Container(id, spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] }));
    onTestFinished(async () => {
      runc('delete', '--force', id);
      await container.ended;
      rmSync(bundle, { recursive: true, force: true });
    });
    return container;
  }

  /** Runs it to its end. */
  static run(command: string[], options: ContainerOptions = {}): Promise<Ended> {
    return Container.start({ ...options, command }).ended;
  }

  /** Another command inside, as the engine runs the health check. */
  exec(command: string[]): { code: number | null; stdout: string; stderr: string } {
    const { status, stdout, stderr } = runc('exec', this.id, ...command);
    return { code: status, stdout, stderr };
  }

  /** Sends the first process a signal. */
  kill(signal: 'TERM' | 'KILL'): void {
    const { status, stderr } = runc('kill', this.id, signal);
    if (status !== 0) throw new Error(stderr);
  }
}

/** A folder that belongs to the user of the image, as a volume would, and that the tests may look into. It is gone after the test. */
export function aVolume(): string {
  const folder = mkdtempSync(join(tmpdir(), 'resk-volume-'));
  chmodSync(folder, 0o755);
  onTestFinished(() => void asRoot('rm', '-rf', folder));
  asRoot('chown', '10001:10001', folder);
  return folder;
}

/** A folder with these files, which everybody may read. */
export function aFolderOf(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'resk-files-'));
  chmodSync(folder, 0o755);
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text, { mode: 0o644 });
  return folder;
}

function specification({ image = built.server, env = {}, command, data = aVolume(), mounts = {} }: ContainerOptions) {
  const [uid, gid] = image.config.User.split(':').map(Number);
  const set = { ...Object.fromEntries(image.config.Env.map((line) => line.split(/=(.*)/s))), ...env };
  const none = { bounding: [], effective: [], permitted: [], inheritable: [], ambient: [] };
  const readOnly = (source: string, destination: string) => ({
    type: 'bind',
    source,
    destination,
    options: ['bind', 'ro', 'nosuid', 'nodev'],
  });
  return {
    ociVersion: '1.0.2',
    process: {
      user: { uid, gid },
      args: command ?? image.config.Cmd,
      env: Object.entries(set).map(([name, value]) => `${name}=${value}`),
      cwd: image.config.WorkingDir,
      capabilities: none,
      noNewPrivileges: true,
    },
    root: { path: image.rootfs, readonly: true },
    hostname: 'resk',
    mounts: [
      { type: 'proc', source: 'proc', destination: '/proc' },
      { type: 'tmpfs', source: 'tmpfs', destination: '/dev', options: ['nosuid', 'mode=755', 'size=64k'] },
      { type: 'tmpfs', source: 'tmpfs', destination: '/tmp', options: ['nosuid', 'nodev', 'noexec', 'mode=1777'] },
      { type: 'bind', source: data, destination: '/data', options: ['bind', 'rw', 'nosuid', 'nodev', 'noexec'] },
      // An engine brings these two; nothing else of this machine is there.
      readOnly('/etc/hosts', '/etc/hosts'),
      readOnly('/etc/resolv.conf', '/etc/resolv.conf'),
      ...Object.entries(mounts).map(([destination, source]) => readOnly(source, destination)),
    ],
    linux: {
      // The network is this machine's, so that tests reach it at the loopback; everything else is its own.
      namespaces: ['pid', 'mount', 'ipc', 'uts'].map((type) => ({ type })),
      maskedPaths: ['/proc/kcore', '/proc/keys', '/proc/sysrq-trigger', '/sys/firmware'],
      readonlyPaths: ['/proc/sys', '/proc/bus', '/proc/irq'],
    },
  };
}

function runc(...args: string[]) {
  return asRoot('runc', ...args);
}

function asRoot(...command: string[]) {
  const [program, ...args] = commandLine(...command);
  return spawnSync(program, args, { encoding: 'utf8' });
}

function commandLine(...command: string[]): [string, ...string[]] {
  return [...built.asRoot, ...command] as unknown as [string, ...string[]];
}
