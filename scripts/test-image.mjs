// npm run test:image [-- --base dockerfile]: builds the image twice, and with every provider, runs it as an engine would, and leaves nothing behind.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { PROVIDERS } from '../deploy/image/packages.mjs';
import { ensureInstalled, main, runNode, Unready } from './bootstrap.mjs';
import { buildImage } from './image/build.mjs';
import { asRoot, Buildah, privileged, temporaryFolder } from './image/buildah.mjs';
import { DEBIAN_BASE, ensureDebianBase } from './image/debian-base.mjs';
import { layerSizes } from './image/sizes.mjs';
import { ensureImageTools } from './system-tools.mjs';

const IMAGES = {
  server: { providers: [], fresh: true },
  // The two must be the same, byte by byte, though nothing of the first is used for the second.
  again: { providers: [], fresh: true },
  full: { providers: Object.keys(PROVIDERS), fresh: false },
};

await main(async (args) => {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { 'node-image': { type: 'string' }, base: { type: 'string', default: 'debian' } },
  });
  // That of the Dockerfile needs a registry of images, but no name that could fall behind the Dockerfile's.
  const bases = { debian: DEBIAN_BASE, dockerfile: undefined };
  if (!(values.base in bases)) throw new Unready(`There is no base ${values.base}: debian or dockerfile.`);
  const nodeImage = values['node-image'] ?? bases[values.base];
  ensureInstalled();
  ensureImageTools(nodeImage === DEBIAN_BASE ? ['buildah', 'debootstrap', 'runc'] : ['buildah', 'runc']);
  const { folder, end } = temporaryFolder();
  const buildah = new Buildah(folder);
  const ended = endOnSignals(() => tidy(buildah, end));
  try {
    if (nodeImage === DEBIAN_BASE) ensureDebianBase(buildah);
    const described = join(folder, 'images.json');
    writeFileSync(described, JSON.stringify({ asRoot: asRoot(), ...builtImages(buildah, nodeImage) }));
    process.env.RESK_IMAGE = described;
    return await runNode([
      'node_modules/vitest/vitest.mjs',
      'run',
      '--config',
      'test/image/vitest.config.ts',
      ...positionals,
    ]);
  } finally {
    ended();
    tidy(buildah, end);
  }
});

function builtImages(buildah, nodeImage) {
  const described = {};
  for (const [name, { providers, fresh }] of Object.entries(IMAGES)) {
    const started = performance.now();
    const tag = `localhost/resk-test:${name}`;
    console.log(`Building the image: ${name} …`);
    buildImage(buildah, { tag, nodeImage, providers, fresh, shown: false });
    const { config, architecture, layers } = buildah.inspect(tag);
    const { folder: rootfs } = buildah.mounted(tag);
    buildah.letIn(rootfs);
    described[name] = { config, architecture, layers, rootfs, sizes: layerSizes(buildah, tag) };
    console.log(`  done in ${((performance.now() - started) / 1000).toFixed(0)} s`);
  }
  return described;
}

/** Mounts, containers and images of this run alone: the storage is its own. */
function tidy(buildah, end) {
  for (const verb of [
    ['umount', '--all'],
    ['rm', '--all'],
  ]) {
    try {
      buildah.run(...verb);
    } catch (error) {
      console.error(error.message);
    }
  }
  // The driver keeps its folder mounted onto itself.
  try {
    privileged(['umount', join(buildah.folder, 'storage', 'overlay')]);
  } catch {
    // The other driver mounts nothing.
  }
  end();
}

/** Whoever stops the run gets the machine back as it was. */
function endOnSignals(stop) {
  const stopped = (signal) => {
    stop();
    process.exit(signal === 'SIGINT' ? 130 : 143);
  };
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, stopped);
  return () => {
    for (const signal of ['SIGINT', 'SIGTERM']) process.removeListener(signal, stopped);
  };
}
