'use strict';

const crypto = require('crypto');
const fs = require('fs');
const path = require('path');
const { run, say } = require('./child.cjs');
const { withLock } = require('./lock.cjs');

const ROOT = path.join(__dirname, '..', '..');
const LOCK = path.join(ROOT, 'tools', '.busy');

const readJson = (file) => JSON.parse(fs.readFileSync(file, 'utf8'));
const stampOf = (dir) => path.join(dir, 'node_modules', '.installed-from');
const digestOf = (dir) =>
  crypto
    .createHash('sha256')
    .update(fs.readFileSync(path.join(dir, 'package-lock.json')))
    .digest('hex');

function stampMatches(dir) {
  const stamp = stampOf(dir);
  return fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === digestOf(dir);
}

/** npm (7 and later) writes this file last, so its presence says that the installation came to its end. */
function npmRecordMatches(dir) {
  const record = path.join(dir, 'node_modules', '.package-lock.json');
  if (!fs.existsSync(record)) return false;
  const wanted = readJson(path.join(dir, 'package-lock.json')).packages;
  const present = readJson(record).packages;
  const same = (name) =>
    wanted[name] !== undefined &&
    wanted[name].version === present[name].version &&
    wanted[name].integrity === present[name].integrity;
  // Optional packages are mostly other platforms' binaries.
  const complete = (name) => name === '' || wanted[name].optional === true || present[name] !== undefined;
  return Object.keys(present).every(same) && Object.keys(wanted).every(complete);
}

const isInstalled = (dir) => stampMatches(dir) || npmRecordMatches(dir);

/** npm by the file that runs us, where npm does; so it works without a shell on every platform. */
function npm(args, options) {
  const cli = process.env.npm_execpath;
  if (cli && path.basename(cli) === 'npm-cli.js') return run(process.execPath, [cli].concat(args), options);
  if (process.platform === 'win32') return run('npm.cmd', args, Object.assign({ shell: true }, options));
  return run('npm', args, options);
}

/**
 * Makes `dir/node_modules` what `dir/package-lock.json` says; does nothing when it is. Safe to run side by side.
 * @returns the signal or exit code npm ended with, or undefined when all is well
 */
async function ensureInstalled(dir, what) {
  if (isInstalled(dir)) return undefined;
  return withLock(LOCK, async () => {
    if (isInstalled(dir)) return undefined;
    say('installing ' + what);
    const result = await npm(
      [
        'ci',
        '--ignore-scripts',
        '--no-audit',
        '--no-fund',
        '--include=dev',
        '--include=optional',
        '--loglevel=error',
      ],
      { cwd: dir, stdio: ['ignore', 2, 2] },
    );
    if (result.code !== 0) return result;
    fs.writeFileSync(stampOf(dir), digestOf(dir));
    return undefined;
  });
}

module.exports = { LOCK, ROOT, ensureInstalled, readJson };
