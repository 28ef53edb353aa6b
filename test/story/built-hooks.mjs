import { registerHooks } from 'node:module';

const root = new URL('../../', import.meta.url).href;

/** The tests' own TypeScript beside the built command: both share one copy of everything under `src`, the built one. */
registerHooks({
  resolve(specifier, context, next) {
    if (!specifier.startsWith('.') || context.parentURL?.includes('/node_modules/'))
      return next(specifier, context);
    const { href } = new URL(specifier, context.parentURL);
    if (href.startsWith(`${root}src/`)) return next(href.replace(`${root}src/`, `${root}dist/`), context);
    return next(href.startsWith(`${root}test/`) ? href.replace(/\.js$/, '.ts') : specifier, context);
  },
});
