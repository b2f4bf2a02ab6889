// An example package as a stranger has it: in a folder of its own, compiled against the published ports, tested by itself.
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const HERE = fileURLToPath(new URL('../..', import.meta.url));
const COMPILER = join(HERE, 'node_modules/typescript/bin/tsc');
const PORTS = {
  module: 'NodeNext',
  target: 'ES2024',
  lib: ['ES2024'],
  types: ['node'],
  strict: true,
  skipLibCheck: true,
};

export interface ExamplePackage {
  folder: string;
  /** Runs its tests; rejects with what they say where one fails. */
  test(environment: Record<string, string>): Promise<void>;
  remove(): Promise<void>;
}

/** Compiles the ports as they are published, and the package of `examples/` with nothing of ours beside them. */
export async function examplePackage(name: string): Promise<ExamplePackage> {
  const folder = await mkdtemp(join(tmpdir(), 'resk-example-'));
  for (const part of ['src', 'test', 'package.json', 'tsconfig.json']) {
    await cp(join(HERE, 'examples', name, part), join(folder, part), { recursive: true });
  }
  await publishPorts(join(folder, 'node_modules/resk-caching'));
  await linkDependencies(folder);
  await compile(folder, 'tsconfig.json');
  return {
    folder,
    test: async (environment) => {
      const options = { cwd: folder, env: { PATH: dirname(process.execPath), ...environment }, maxBuffer: 2 ** 26 };
      await run(process.execPath, ['--test', 'dist/test/*.test.js'], options).catch((error: { stdout: string }) => {
        throw new Error(error.stdout);
      });
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

async function publishPorts(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const entry = { types: './dist/index.d.ts', default: './dist/index.js' };
  await writeFile(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'resk-caching', type: 'module', exports: { './ports': entry } }),
  );
  const outDir = join(folder, 'dist');
  const compilerOptions = { ...PORTS, declaration: true, rootDir: join(HERE, 'libs/ports/src'), outDir };
  const typeRoots = [join(HERE, 'node_modules/@types')];
  const files = [join(HERE, 'libs/ports/src/index.ts')];
  await writeFile(
    join(folder, 'ports.json'),
    JSON.stringify({ compilerOptions: { ...compilerOptions, typeRoots }, files }),
  );
  await compile(folder, 'ports.json');
}

/** Only what its package.json names is there for it to import. */
async function linkDependencies(folder: string): Promise<void> {
  const { dependencies = {}, devDependencies = {} } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  for (const name of Object.keys({ ...dependencies, ...devDependencies })) {
    if (name === 'resk-caching') continue;
    const target = join(folder, 'node_modules', name);
    await mkdir(dirname(target), { recursive: true });
    await symlink(packageFolder(name), target);
  }
}

function packageFolder(name: string): string {
  const [found] = createRequire(join(HERE, 'package.json')).resolve.paths(name) ?? [];
  return join(found!, name);
}

async function compile(cwd: string, project: string): Promise<void> {
  await run(process.execPath, [COMPILER, '-p', project], { cwd }).catch((error: { stdout: string }) => {
    throw new Error(error.stdout);
  });
}
