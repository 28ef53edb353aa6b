import { registerHooks } from 'node:module';

/** Node strips the types; only the `.js` endings of our own imports have to find their `.ts` files. */
registerHooks({
  resolve(specifier, context, next) {
    const ours = specifier.startsWith('.') && !context.parentURL?.includes('/node_modules/');
    return next(ours ? specifier.replace(/\.js$/, '.ts') : specifier, context);
  },
});
