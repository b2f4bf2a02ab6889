// Builds the image of the Dockerfile with buildah: the same bytes for the same commit, whenever and wherever it is built.
import { spawnSync } from 'node:child_process';
import { root } from '../bootstrap.mjs';

/**
 * @param {import('./buildah.mjs').Buildah} buildah
 * @param {object} o
 * @param {string} o.tag
 * @param {string} [o.nodeImage] base of the first stage, in place of the Dockerfile's
 * @param {readonly string[]} [o.providers] aws-kms, onnx
 * @param {string} [o.context] folder of the sources
 * @param {boolean} [o.fresh] whether nothing of an earlier build is used
 * @param {boolean} [o.shown] whether the build's output goes to this terminal
 */
export function buildImage(buildah, { tag, nodeImage, providers = [], context = root, fresh = true, shown = true }) {
  const epoch = sourceDate(context);
  const revision = revisionOf(context);
  const args = [
    // --layers: each COPY is a layer, so that what changes seldom is not sent again with what changes often.
    ...['--format', 'docker', '--isolation', 'chroot', '--network', 'host', '--layers', '--timestamp', epoch],
    ...(fresh ? ['--no-cache'] : []),
    ...['--build-arg', `SOURCE_DATE_EPOCH=${epoch}`, '--build-arg', `PROVIDERS=${providers.join(' ')}`],
    ...(nodeImage ? ['--build-arg', `NODE_IMAGE=${nodeImage}`] : []),
    ...(nodeImage?.startsWith('localhost/') ? ['--pull-never'] : []),
    ...(revision ? ['--label', `org.opencontainers.image.revision=${revision}`] : []),
    ...['--tag', tag, context],
  ];
  if (shown) buildah.show('build', ...args);
  else buildah.run('build', ...args);
}

/** Seconds since 1970 that all files bear: SOURCE_DATE_EPOCH, else when the commit was made. */
export function sourceDate(context = root) {
  return process.env.SOURCE_DATE_EPOCH || git(context, 'log', '-1', '--format=%ct') || '0';
}

/** The commit that is built, unless something in it was changed and not committed. */
function revisionOf(context) {
  return git(context, 'status', '--porcelain') === '' ? git(context, 'rev-parse', 'HEAD') : undefined;
}

function git(cwd, ...args) {
  const { status, stdout } = spawnSync('git', args, { cwd, encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}
