import { resolve } from 'node:path';
import { CertError } from '../../model/errors.js';
import { Secret } from '../../model/secret.js';
import { parseDuration } from '../../model/term.js';
import { SECOND_MS } from '../../model/time.js';
import type { Context } from '../context.js';
import { createAlarm } from '../daemon/alarm.js';
import { createLoop, type Loop } from '../daemon/loop.js';
import { oneRun } from '../daemon/one-run.js';
import { startServer } from '../daemon/server.js';
import { createWatch } from '../daemon/watch.js';
import { EXIT } from '../exit.js';
import { resolveSecret } from '../secrets.js';
import { createLog, logLevels } from '../system/log.js';
import { version } from '../version.js';
import { openCheckout } from '../workplace.js';
import type { Globals } from './globals.js';
import { portOf } from './port.js';
import type { Options } from './program.js';

export const runsUntilStopped = true;

const SECRET_VARIABLE = 'CERTWRIGHT_WEBHOOK_SECRET';
/** Shorter ones can be guessed. */
const SHORTEST_SECRET = 16;

/** `certwright daemon`: `apply` on a timer, on dates and on a push, until it is stopped. */
export async function run(context: Context, globals: Globals, options: Options): Promise<number> {
  const pollMs = durationOf(options, 'poll', SECOND_MS);
  const syncOlderMs = durationOf(options, 'syncEvery', SECOND_MS);
  const waitMs = durationOf(options, 'wait', 0);
  const secret = secretOf(context, options.webhookSecret);
  const own = await daemonContext(context);
  // Started in the wrong folder it would fail for ever; everything else can get better by itself.
  await openCheckout(own);
  const { log } = own;
  const alarm = createAlarm(own.clock);
  const watch = await createWatch(own, globals, options, () => loop.unready() === undefined);
  const loop: Loop = createLoop(own, pollMs, alarm, (count) =>
    watch.around((report) =>
      oneRun({ ...watch.context, log: log.child({ count }) }, globals, { waitMs, syncOlderMs, report }),
    ),
  );
  const server = await startServer({
    host: String(options.host),
    port: portOf(options.port),
    ...(secret === undefined ? {} : { secret }),
    log,
    branch: loop.branch,
    unready: loop.unready,
    onPush: alarm.ring,
    metrics: watch.text,
  });
  try {
    log.info({ url: server.url, webhook: secret !== undefined, version }, 'daemon started');
    await loop.untilStopped();
    log.info({}, 'daemon stopped');
    return EXIT.fine;
  } finally {
    await server.close();
  }
}

/** Everything it says is a line of the log; what is being pushed when it is stopped gets there. */
const daemonContext = async (context: Context): Promise<Context> => {
  const log = await createLog(logLevels(context.env, 'info'), context.runId);
  return {
    ...context,
    log,
    gitSignal: new AbortController().signal,
    interactive: false,
    print: (text) => log.info({ text: text.trimEnd() }, 'printed'),
    say: (text) => log.warn({ text: text.trimEnd() }, 'notice'),
    ask: async () => undefined,
  };
};

/** @throws CertError `usage` */
function durationOf(options: Options, key: string, leastMs: number): number {
  const text = String(options[key]);
  const ms = parseDuration(text);
  if (ms !== undefined && ms >= leastMs) return ms;
  const flag = key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  throw new CertError('usage', `--${flag} ${text} is no duration of at least ${leastMs / SECOND_MS} s`, {
    remedy: 'write 30s, 5m or 20h',
  });
}

/** @throws CertError `config.missing-variable`, `usage` */
function secretOf({ env, cwd }: Context, file: unknown): Secret | undefined {
  if (typeof file !== 'string' && !env[SECRET_VARIABLE]) return undefined;
  const secret =
    typeof file === 'string'
      ? resolveSecret({ kind: 'file', path: resolve(cwd, file) }, env, '--webhook-secret')
      : new Secret(env[SECRET_VARIABLE] ?? '');
  if (secret.reveal().length >= SHORTEST_SECRET) return secret;
  throw new CertError('usage', `the secret of the webhook has fewer than ${SHORTEST_SECRET} characters`, {
    remedy: 'make one with `openssl rand -hex 32`, and give the host of the repository the same',
  });
}
