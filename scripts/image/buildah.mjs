// Runs buildah as root on a storage of its own, with whichever driver works there, and without any daemon.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { root, Unready } from '../bootstrap.mjs';

/** How a command is run as root here: `[]` as root, `['sudo', …]` without a password. */
export function asRoot() {
  if (process.getuid?.() === 0) return [];
  if (spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0) return ['sudo', '-n'];
  throw new Unready(
    'Building an image with buildah needs root, or sudo without a password. With Docker: docker build .',
  );
}

/** Runs a command as root; gives what it printed. Shows its output instead where `shown`. @throws Unready where it fails. */
export function privileged(command, { shown = false, input } = {}) {
  const [program, ...args] = [...asRoot(), ...command];
  const done = spawnSync(program, args, {
    cwd: root,
    encoding: 'utf8',
    input,
    maxBuffer: 2 ** 28,
    stdio: [input === undefined ? 'ignore' : 'pipe', shown ? 'inherit' : 'pipe', shown ? 'inherit' : 'pipe'],
  });
  if (done.error) throw new Unready(`${program}: ${done.error.message}`);
  if (done.status !== 0) throw new Unready(`${done.stdout ?? ''}${done.stderr ?? ''}\n${command.join(' ')} failed.`);
  return (done.stdout ?? '').trim();
}

export class Buildah {
  #global;

  /** On the storage in `folder`; without one, on that of the system, where podman finds the image too. */
  constructor(folder) {
    this.folder = folder;
    if (folder === undefined) {
      this.#global = [];
      return;
    }
    mkdirSync(folder, { recursive: true });
    const at = ['--root', join(folder, 'storage'), '--runroot', join(folder, 'run')];
    this.#global = [...at, '--storage-driver', 'overlay'];
    if (!this.#mounts()) this.#global = [...at, '--storage-driver', 'vfs'];
  }

  /** Runs `buildah VERB ARGS…`; gives what it printed. */
  run(verb, ...args) {
    return privileged(['buildah', ...this.#global, verb, ...args]);
  }

  /** The same, with its output on this terminal. */
  show(verb, ...args) {
    privileged(['buildah', ...this.#global, verb, ...args], { shown: true });
  }

  has(image) {
    try {
      this.run('inspect', '--type', 'image', image);
      return true;
    } catch {
      return false;
    }
  }

  /** The image as it is stored: its configuration as a runtime reads it, and the digests of its unpacked layers. */
  inspect(image) {
    const { OCIv1, Docker, FromImageID } = JSON.parse(this.run('inspect', '--type', 'image', image));
    return {
      id: FromImageID,
      config: Docker.config,
      architecture: OCIv1.architecture,
      created: OCIv1.created,
      history: OCIv1.history,
      layers: OCIv1.rootfs.diff_ids,
    };
  }

  /** Gives a working container of the image and where its files are mounted. */
  mounted(image) {
    const container = this.run('from', '--pull-never', image);
    return { container, folder: this.run('mount', container) };
  }

  /**
   * Lets everybody who may enter this storage's folder reach what is mounted in it: the storage itself is root's alone.
   * What is mounted keeps its modes.
   */
  letIn(mounted) {
    const above = [];
    for (let at = dirname(mounted); at.startsWith(`${this.folder}/`); at = dirname(at)) above.push(at);
    privileged(['chmod', 'a+x', ...above]);
  }

  #mounts() {
    try {
      const { container } = this.mounted('scratch');
      this.run('rm', container);
      return true;
    } catch {
      return false;
    }
  }
}

/** A folder for one run, which `end()` removes with all that root left in it. */
export function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'resk-image-'));
  return { folder, end: () => privileged(['rm', '-rf', folder]) };
}
