// Copies a package without the files that no running server reads, and proves that none of those is asked for.
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
} from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const LICENCE = /^(licen[cs]e|copying|notice|third[-_]?party|authors|patents)/i;
const UNREAD = /(\.(map|ts|mts|cts|tsx|flow|md|markdown|tsbuildinfo|(test|spec)\.c?js)|^\..*)$/i;
/** Only directly in a package's folder: deeper down the same names may be code. */
const UNREAD_FOLDERS = new Set(
  'test tests __tests__ spec specs doc docs example examples bench benchmark benchmarks coverage website'.split(' '),
);

/** What a package ships for bundlers, browsers or other machines, by its name. */
const UNREAD_OF = {
  rxjs: /^(dist\/(bundles|esm|esm5|types)|src)(\/|$)/,
  'swagger-ui-dist': /^swagger-ui(-es-bundle(-core)?)?\.js$/,
  'onnxruntime-node': new RegExp(`^bin/[^/]+/(?!linux(/|$))|^bin/[^/]+/linux/(?!${process.arch}(/|$))`),
  '@huggingface/transformers': /^(src|types)(\/|$)|^dist\/(?!transformers\.node\.mjs$)[^/]+$/,
};

/** Packages that name the licences of what they hold in their readme alone. */
const LICENSED_BY_README = /^@img\/sharp-libvips-/;

/** Whether the image does without this file or folder of a package, a path like `dist/index.d.ts`. */
export function isUnread(name, path) {
  const file = path.slice(path.lastIndexOf('/') + 1);
  if (UNREAD_OF[name]?.test(path)) return true;
  if (path === 'README.md' && LICENSED_BY_README.test(name)) return false;
  return UNREAD_FOLDERS.has(path) || (UNREAD.test(file) && !LICENCE.test(file));
}

/** Copies what is read of the package in `from` to `to`; packages inside it are packages of their own. */
export function copyPackage(from, to) {
  const { name } = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8'));
  const kept = [];
  const copied = (path) => {
    for (const entry of readdirSync(join(from, path)).sort()) {
      const below = path === '' ? entry : `${path}/${entry}`;
      if (below === 'node_modules' || isUnread(name, below)) continue;
      if (statSync(join(from, below)).isDirectory()) copied(below);
      else kept.push(below);
    }
  };
  copied('');
  for (const path of kept) copyFile(join(from, path), join(to, path));
  return missedBy(from, kept).map((problem) => `${name}: ${problem}`);
}

/** Modes do not depend on who builds: readable by all, executable where it was. */
export function copyFile(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
  chmodSync(to, lstatSync(to).mode & 0o111 ? 0o755 : 0o644);
}

// Literal specifiers of files: `from './x'`, `import './x'`, `import('./x')`, `require('./x')`.
const SPECIFIER = /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\(\s*)(['"])(\.{1,2}\/[^'"\n]*?)\1/g;
const COMMENT = /\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm;
const ENDINGS = ['', '.js', '.cjs', '.mjs', '.json', '.node', '/index.js', '/index.cjs', '/index.json'];

/** Files that are there in the package, were not kept, and are asked for by one that was. */
function missedBy(from, kept) {
  const here = new Set(kept.map((path) => join(from, path)));
  const asked = kept
    .filter((path) => /\.[cm]?js$/.test(path))
    .flatMap((path) => {
      const text = readFileSync(join(from, path), 'utf8').replace(COMMENT, '');
      return [...text.matchAll(SPECIFIER)].map(([, , specifier]) => ({ path, specifier }));
    });
  return asked.flatMap(({ path, specifier }) => {
    const target = fileOf(resolve(from, dirname(path), specifier));
    const within = target !== undefined && !relative(from, target).startsWith('..');
    if (!within || here.has(target) || !/\.([cm]?js|json|node|wasm)$/.test(target)) return [];
    return [`${path} asks for ${specifier}, which the image would lack`];
  });
}

function fileOf(path) {
  return ENDINGS.map((ending) => path + ending).find((one) => existsSync(one) && statSync(one).isFile());
}
