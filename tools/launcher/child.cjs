'use strict';

const { spawn } = require('child_process');

const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** One line on stderr; stdout belongs to the task. */
function say(message) {
  process.stderr.write('certwright: ' + message + '\n');
}

/** A terminal gives Ctrl-C to the child as well, and a second one would mean "at once" to it. */
function terminalSends(signal) {
  return signal === 'SIGINT' && (process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY);
}

/**
 * Runs a program with our stdin, stdout and stderr and passes signals on to it.
 * @returns {Promise<{code: number | null, signal: string | null}>} rejects only when it could not be started
 */
function run(command, args, options) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, Object.assign({ stdio: 'inherit' }, options));
    const handlers = FORWARDED.map((signal) => {
      const handler = () => {
        if (!terminalSends(signal)) child.kill(signal);
      };
      process.on(signal, handler);
      return () => process.removeListener(signal, handler);
    });
    const settle = (how, value) => {
      for (const remove of handlers) remove();
      how(value);
    };
    child.once('error', (error) =>
      settle(reject, new Error(command + ' could not be started: ' + error.message)),
    );
    child.once('close', (code, signal) => settle(resolve, { code, signal }));
  });
}

/** Ends this process the way the child ended: same exit code, or the same signal. */
function finish(result) {
  if (result.signal) process.kill(process.pid, result.signal);
  else process.exitCode = result.code;
}

module.exports = { finish, run, say };
