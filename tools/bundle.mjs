// Writes dist/bundle: the Action with everything it needs in one folder, so that it runs at any commit without npm. What
// the code looks for beside itself keeps its place: `../../schemas` and `../../package.json` are where action/bundle has them.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { ROOT } from './launcher/install.cjs';

const DIST = join(ROOT, 'dist');
const OUT = join(DIST, 'bundle');
const ENTRY = join(DIST, 'entry', 'action', 'main.js');

/** `require` of a package by a module that made itself one: loaded late, and unknown to the bundler. */
const LATE = /\brequire\('([^'.][^']*)'\)/g;
const MAKES_ITS_OWN = /createRequire\(import\.meta\.url\)/;

const slug = (name) => `late-${name.replaceAll(/[^a-z0-9]+/gi, '-')}.cjs`;

const late = new Set();

/** Points such calls at files beside the bundle, which are written below. */
const lateRequires = {
  name: 'late-requires',
  transform(code) {
    if (!MAKES_ITS_OWN.test(code)) return null;
    return code.replaceAll(LATE, (_, name) => {
      late.add(name);
      return `require('./${slug(name)}')`;
    });
  },
};

async function write(input, output, plugins = []) {
  const bundle = await rolldown({ input, platform: 'node', cwd: ROOT, plugins, logLevel: 'warn' });
  try {
    await bundle.write({ minify: true, comments: false, ...output });
  } finally {
    await bundle.close();
  }
}

rmSync(OUT, { recursive: true, force: true });
mkdirSync(OUT, { recursive: true });
await write(
  { main: ENTRY },
  { dir: OUT, format: 'esm', entryFileNames: '[name].js', chunkFileNames: '[name].js' },
  [lateRequires],
);
const alone = (input, file) => write(input, { file: join(OUT, file), format: 'cjs' });
await alone(join(DIST, 'config', 'validators.cjs'), 'validators.cjs');
for (const name of [...late].sort()) {
  await alone(name, slug(name));
}
