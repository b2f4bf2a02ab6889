// Imports a package that the operator listed, from beside this package or from the working directory, with the ports of this process.
import { existsSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const PORTS = 'resk-caching/ports';
const FROM_HERE = 'resk-plugin:';

/**
 * A plugin is looked for where packages of this one are, then where the process was started: so that a package is tried
 * out from its own folder, and a project's own serves a `resk` that is installed elsewhere.
 *
 * `resk-caching/ports` leads every plugin to the ports that this process runs on, whatever copy lies beside it. Without
 * that, a linked package would throw failures of another class, which nobody here takes for failures; and in a clone or
 * an image it would find none at all, for no package may depend on itself.
 */
export async function importPlugin(name: string): Promise<unknown> {
  sharePorts();
  try {
    return await import(name);
  } catch (error) {
    if (!isAbsent(error, name)) throw error;
    return import(FROM_HERE + name);
  }
}

let shared = false;

function sharePorts(): void {
  if (shared) return;
  shared = true;
  const ports = new URL('../../ports/src/index.js', import.meta.url);
  registerHooks({
    resolve(specifier, context, next) {
      // Sources that a test runner compiles have no file of that name.
      if (specifier === PORTS && existsSync(fileURLToPath(ports))) return { url: ports.href, shortCircuit: true };
      if (!specifier.startsWith(FROM_HERE)) return next(specifier, context);
      const parentURL = pathToFileURL(join(process.cwd(), 'package.json')).href;
      return next(specifier.slice(FROM_HERE.length), { ...context, parentURL });
    },
  });
}

/** Whether the package itself is missing, and not something that it imports. */
function isAbsent(error: unknown, name: string): boolean {
  const { code, message } = error as { code?: string; message?: string };
  const packageName = name.split('/', name.startsWith('@') ? 2 : 1).join('/');
  return code === 'ERR_MODULE_NOT_FOUND' && !!message?.includes(`'${packageName}'`);
}
