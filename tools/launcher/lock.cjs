'use strict';

const crypto = require('crypto');
const fs = require('fs');
const os = require('os');
const { say } = require('./child.cjs');

const POLL_MS = 200;
const HEARTBEAT_MS = 1000;
/** A holder whose file does not move for so long is gone, or on a machine that is. */
const SILENCE_MS = 15000;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const monotonicMs = () => Number(process.hrtime.bigint() / BigInt(1000000));

function look(file) {
  try {
    return { text: fs.readFileSync(file, 'utf8'), mtimeMs: fs.statSync(file).mtimeMs };
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function create(file, text) {
  try {
    fs.writeFileSync(file, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Only for a holder on this machine; other hosts (a shared mount) are judged by their heartbeat. */
function diedHere(text) {
  const [pid, host] = text.split(' ');
  if (host !== os.hostname()) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}

/** Takes a dead holder's file away. Renamed first, so that of two finders one wins and a fresh lock is put back. */
function bury(file, text) {
  const grave = file + '.' + crypto.randomBytes(6).toString('hex');
  try {
    fs.renameSync(file, grave);
  } catch (error) {
    if (error.code === 'ENOENT') return;
    throw error;
  }
  if (fs.readFileSync(grave, 'utf8') === text) fs.unlinkSync(grave);
  else fs.renameSync(grave, file);
}

async function acquire(file, text) {
  let seen;
  let seenAtMs = 0;
  let told = false;
  while (!create(file, text)) {
    const holder = look(file);
    if (!holder) continue;
    if (!seen || seen.text !== holder.text || seen.mtimeMs !== holder.mtimeMs) {
      seen = holder;
      seenAtMs = monotonicMs();
    }
    if (diedHere(holder.text) || monotonicMs() - seenAtMs > SILENCE_MS) {
      bury(file, holder.text);
      continue;
    }
    if (!told) say('another command is installing or building here; waiting for it');
    told = true;
    await sleep(POLL_MS);
  }
}

/** Runs `work` while no other process runs one under the same file; a holder that was killed does not block. */
async function withLock(file, work) {
  const text = process.pid + ' ' + os.hostname() + ' ' + crypto.randomBytes(8).toString('hex');
  await acquire(file, text);
  const heartbeat = setInterval(() => {
    const now = new Date();
    fs.utimes(file, now, now, () => undefined);
  }, HEARTBEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    const holder = look(file);
    if (holder && holder.text === text) fs.unlinkSync(file);
  }
}

module.exports = { withLock };
