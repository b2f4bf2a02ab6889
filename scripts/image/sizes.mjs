// Measures an image: what each layer weighs unpacked, and on its way from a registry.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { privileged, temporaryFolder } from './buildah.mjs';

/** Layers in their order, each with the instruction that made it; `packed` is its size under gzip, as registries keep it. Sizes in bytes. */
export function layerSizes(buildah, image) {
  const { history, layers } = buildah.inspect(image);
  const made = history.filter((step) => !step.empty_layer).map((step) => step.created_by);
  const { folder, end } = temporaryFolder();
  try {
    const to = join(folder, 'image');
    buildah.run('push', '--quiet', '--format', 'oci', image, `dir:${to}`);
    privileged(['chmod', '-R', 'a+rX', to]);
    const manifest = JSON.parse(readFileSync(join(to, 'manifest.json'), 'utf8'));
    return manifest.layers.map(({ digest, size }, at) => {
      const bytes = gunzipSync(readFileSync(join(to, digest.replace(/^sha256:/, '')))).length;
      return { made: instruction(made[at]), digest: layers[at], packed: size, bytes };
    });
  } finally {
    end();
  }
}

export const mebibytes = (bytes) => (bytes / 2 ** 20).toFixed(1);

/** `COPY /image/app /` of what buildah notes: `/bin/sh -c #(nop) COPY dir:… in /`. */
function instruction(text = '') {
  return text.replace(/^\/bin\/sh -c #\(nop\)\s*/, '').trim();
}
