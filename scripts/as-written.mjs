// Lets Node run TypeScript as it is written, with nothing installed and nothing built: node --import ./scripts/as-written.mjs scripts/release/publish.ts
import { existsSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

if (!process.features.typescript) {
  console.error(`This needs Node 22.18 or newer; this is ${process.version}. See https://nodejs.org`);
  process.exit(1);
}

// Sources name what the compiler will make of their neighbours: beside a.ts, `./b.js` is b.ts.
registerHooks({
  resolve(specifier, context, next) {
    const source = specifier.replace(/\.js$/, '.ts');
    const near = specifier.startsWith('.') && existsSync(fileURLToPath(new URL(source, context.parentURL)));
    return next(near ? source : specifier, context);
  },
});
