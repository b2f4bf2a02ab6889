// The program of a search thread, begun as it stands: compiled, or from its source.
import { registerHooks } from 'node:module';

// From its source, Node must find `x.ts` where `x.js` is imported.
if (import.meta.url.endsWith('.ts')) {
  registerHooks({
    resolve: (name, context, next) => next(name.startsWith('.') ? name.replace(/\.js$/, '.ts') : name, context),
  });
}

const { serve } = await import('./thread-work.js');
serve();
