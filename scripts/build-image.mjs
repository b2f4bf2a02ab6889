// npm run build:image: the image of the Dockerfile, built with buildah. Options: see USAGE, or --help.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { PROVIDERS } from '../deploy/image/packages.mjs';
import { main, root, Unready } from './bootstrap.mjs';
import { buildImage } from './image/build.mjs';
import { Buildah } from './image/buildah.mjs';
import { DEBIAN_BASE, ensureDebianBase } from './image/debian-base.mjs';
import { layerSizes, mebibytes } from './image/sizes.mjs';
import { ensureImageTools } from './system-tools.mjs';

const USAGE = `npm run build:image -- [options]

  --providers LIST     what else the image can reach: ${Object.keys(PROVIDERS).join(',')} (default: none)
  --tag NAME           its name (default: resk-caching:VERSION, with the providers behind it)
  --node-image NAME    another base of the build than the Dockerfile's
  --base debian        a base made here with debootstrap, where no registry of images can be reached
  --storage FOLDER     buildah's storage (default: the system's, where podman finds the image too)
  --output FILE        writes the image there as well: an archive for docker load or podman load`;

await main(async (args) => {
  const o = options(args);
  if (o.help) {
    console.log(USAGE);
    return 0;
  }
  const providers = (o.providers ?? '').split(/[\s,]+/).filter(Boolean);
  const unknown = providers.filter((name) => !(name in PROVIDERS));
  if (unknown.length > 0) throw new Unready(`There is no provider ${unknown.join(', ')}.\n\n${USAGE}`);
  if (o.base !== undefined && o.base !== 'debian') throw new Unready(`There is no base ${o.base}.\n\n${USAGE}`);

  ensureImageTools(o.base === 'debian' ? ['buildah', 'debootstrap'] : ['buildah']);
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const tag = o.tag ?? ['resk-caching:', [version, ...[...providers].sort()].join('-')].join('');
  const buildah = new Buildah(o.storage);
  if (o.base === 'debian') ensureDebianBase(buildah);
  buildImage(buildah, { tag, providers, nodeImage: o.base === 'debian' ? DEBIAN_BASE : o['node-image'] });
  if (o.output) buildah.show('push', tag, `docker-archive:${o.output}:${tag}`);
  const layers = layerSizes(buildah, tag);
  for (const { made, bytes, packed } of layers)
    console.log(`${mebibytes(bytes).padStart(8)} MiB  ${made} (${mebibytes(packed)} packed)`);
  console.log(`${mebibytes(layers.reduce((sum, { bytes }) => sum + bytes, 0)).padStart(8)} MiB  ${tag}`);
  return 0;
});

function options(args) {
  const text = { type: 'string' };
  try {
    return parseArgs({
      args,
      options: {
        providers: text,
        tag: text,
        'node-image': text,
        base: text,
        storage: text,
        output: text,
        help: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    throw new Unready(`${error.message}\n\n${USAGE}`);
  }
}
