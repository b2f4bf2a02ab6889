// Says which packages of the lockfile the image holds: what the server needs, and beside it what each optional provider adds.

/** Provider that may be added → the package that it is reached by. */
export const PROVIDERS = {
  'aws-kms': '@aws-sdk/client-kms',
  onnx: '@huggingface/transformers',
};

/** Never run by a server on Linux: declarations, the browser's ONNX runtime, and the Node of bare machines (the image has its own). */
const LEFT_OUT = [/^@types\//, /^onnxruntime-web$/, /^node-linux-/];

/**
 * Paths of packages by layer, e.g. `{ server: ['node_modules/fastify', …], 'aws-kms': […] }`. No package is in two layers
 * that can be in one image: what the server has, a provider does not bring again.
 * @param {{ packages: Record<string, object> }} lock package-lock.json
 * @param {readonly string[]} providers names of PROVIDERS
 */
export function layersOf(lock, providers) {
  const unknown = providers.filter((name) => !(name in PROVIDERS));
  if (unknown.length > 0) {
    throw new Error(`No such provider: ${unknown.join(', ')}. There are ${Object.keys(PROVIDERS).join(' and ')}.`);
  }
  const { dependencies, optionalDependencies = {} } = lock.packages[''];
  const optional = Object.keys(optionalDependencies).filter((name) => !Object.values(PROVIDERS).includes(name));
  const layers = { server: closureOf(lock, [...Object.keys(dependencies), ...optional]) };
  const taken = new Set(layers.server);
  for (const name of [...providers].sort()) {
    layers[name] = closureOf(lock, [PROVIDERS[name]]).filter((path) => !taken.has(path));
    for (const path of layers[name]) taken.add(path);
  }
  return layers;
}

/** Every package that these need, themselves included, in the order of their paths. */
export function closureOf(lock, names) {
  const found = new Set();
  const open = names.map((name) => ({ from: '', name, needed: true }));
  while (open.length > 0) {
    const { from, name, needed } = open.pop();
    if (LEFT_OUT.some((pattern) => pattern.test(name))) continue;
    const path = whereFound(lock, from, name);
    if (path === undefined && needed)
      throw new Error(`package-lock.json has no ${name}, which ${from || 'the server'} needs`);
    if (path === undefined || found.has(path)) continue;
    found.add(path);
    open.push(...needsOf(lock, path));
  }
  return [...found].sort();
}

function needsOf(lock, path) {
  const {
    dependencies = {},
    optionalDependencies = {},
    peerDependencies = {},
    peerDependenciesMeta = {},
  } = lock.packages[path];
  const each = (names, needed) => Object.keys(names).map((name) => ({ from: path, name, needed: needed(name) }));
  // A peer that npm did not install is one that the package can do without here: npm itself would have refused.
  const wanted = (name) => !peerDependenciesMeta[name]?.optional;
  return [
    ...each(dependencies, (name) => !(name in optionalDependencies)),
    ...each(optionalDependencies, () => false),
    ...each(Object.fromEntries(Object.entries(peerDependencies).filter(([name]) => wanted(name))), () => false),
  ];
}

/** As Node looks: in the package's own node_modules, then in that of each folder above it. */
function whereFound(lock, from, name) {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    const path = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`;
    if (lock.packages[path]) return path;
    if (folder === '') return undefined;
  }
}
