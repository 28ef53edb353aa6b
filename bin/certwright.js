#!/usr/bin/env node
// Plain syntax: this has to start on an old Node in order to say so. test/unit/tools compares the version with package.json.
const needed = [22, 20];
const [major, minor] = process.versions.node.split('.').map(Number);

if (major < needed[0] || (major === needed[0] && minor < needed[1])) {
  process.stderr.write(
    `certwright needs Node ${needed.join('.')} or newer and this is ${process.versions.node}; ` +
      'install Node 24 from https://nodejs.org/en/download and run it again.\n',
  );
  process.exitCode = 1;
} else {
  // Nearly everything a run reads stays until its end. V8 would let its young generation grow to about 100 MB to find that
  // out; kept small it saves 150 MB of 370 with ten thousand certificates, for a twentieth more time (bench/README.md).
  process.getBuiltinModule('node:v8').setFlagsFromString('--semi-space-growth-factor=1');
  const main = new URL('../dist/entry/cli/main.js', import.meta.url);
  import(main.href).catch((error) => {
    if (error.code !== 'ERR_MODULE_NOT_FOUND' || error.url !== main.href) throw error;
    process.stderr.write('certwright is not built here; run `npm run build` first.\n');
    process.exitCode = 1;
  });
}
