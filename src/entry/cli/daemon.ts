import type { IncomingHttpHeaders } from 'node:http';
import { resolve } from 'node:path';
import { CertError } from '../../model/errors.js';
import type { SecretSource } from '../../model/secret.js';
import { parseDuration } from '../../model/term.js';
import { SECOND_MS } from '../../model/time.js';
import type { Log } from '../../ports/log.js';
import { checkClone } from '../../repository/session.js';
import type { Context } from '../context.js';
import { createAlarm } from '../daemon/alarm.js';
import { withGrace } from '../daemon/grace.js';
import { createLoop, type Loop } from '../daemon/loop.js';
import { judgeNotification } from '../daemon/notification.js';
import { oneRun, type Places } from '../daemon/one-run.js';
import { rememberReadings } from '../daemon/readings.js';
import { startServer } from '../daemon/server.js';
import { createSparing } from '../daemon/sparing-log.js';
import { createWatch } from '../daemon/watch.js';
import { openWebhookSecrets, type WebhookSecrets } from '../daemon/webhook-secrets.js';
import { EXIT } from '../exit.js';
import { fileQuiet, rememberedQuiet } from '../quiet-record.js';
import { openRemote, sessionOf } from '../remote.js';
import { createLog, logLevels } from '../system/log.js';
import { version } from '../version.js';
import { openCheckout, openWorkplace } from '../workplace.js';
import type { Globals } from './globals.js';
import { portOf } from './port.js';
import type { Options } from './program.js';

export const runsUntilStopped = true;

const SECRET_VARIABLE = 'CERTWRIGHT_WEBHOOK_SECRET';
/** After git was cut off: for what is written then to this machine's disk. */
const LAST_MOMENT_MS = 5 * SECOND_MS;

/** `certwright daemon`: `apply` on a timer, on dates and on a push, until it is stopped. */
export async function run(context: Context, globals: Globals, options: Options): Promise<number> {
  const pollMs = durationOf(options, 'poll', SECOND_MS);
  const graceMs = durationOf(options, 'stopWithin', SECOND_MS);
  const runOptions = {
    waitMs: durationOf(options, 'wait', 0),
    syncOlderMs: durationOf(options, 'syncEvery', SECOND_MS),
    limits: { sends: countOf(options, 'maxActions'), ms: durationOf(options, 'maxTime', SECOND_MS) },
  };
  const everything = await createLog(logLevels(context.env, 'info'), context.runId);
  const sparing = createSparing(context.clock);
  const git = new AbortController();
  const own = daemonContext(context, sparing(everything), git.signal);
  const { log, clock, signal } = own;
  const source = secretSource(context, options.webhookSecret);
  const secrets = source && openWebhookSecrets(source, context.env, log);
  // Started in the wrong folder it would fail for ever; everything else can get better by itself.
  await checkClone(sessionOf(own));
  await openCheckout(own);
  const alarm = createAlarm(clock);
  const remembering = rememberReadings();
  const places: Places = {
    openRemote,
    openWorkplace: async (of, opened) => remembering(await openWorkplace(of, globals, opened)),
  };
  const watch = await createWatch(own, globals, options, () => loop.unready() === undefined);
  const loop: Loop = createLoop(own, { pollMs, everything }, alarm, ({ count, fresh, lookAt }) => {
    secrets?.reread();
    // Beneath what leaves out: the count is another one in every line.
    const counted = sparing(everything.child({ count }));
    return watch.around((report) =>
      oneRun({ ...watch.context, log: counted }, places, { ...runOptions, fresh, lookAt, report }),
    );
  });
  const server = await startServer({
    host: String(options.host),
    port: portOf(options.port),
    ...(secrets === undefined ? {} : listeners(own, loop, secrets)),
    log,
    clock,
    branch: loop.branch,
    unready: loop.unready,
    stuck: loop.stuck,
    onPush: alarm.ring,
    metrics: watch.text,
  });
  const endHangUps = onHangUp(loop, everything);
  try {
    everything.info({ url: server.url, webhook: secrets !== undefined, version }, 'daemon started');
    const stopped = await withGrace(loop.untilStopped(), clock, signal, {
      graceMs,
      momentMs: LAST_MOMENT_MS,
      cut: () => git.abort(),
    });
    if (stopped === 'in time') {
      everything.info({}, 'daemon stopped');
      return EXIT.fine;
    }
    everything.warn({}, 'daemon stopped in the middle of a run; the next start goes on where it ended');
    // Whatever hangs would keep the process.
    setTimeout(() => process.exit(EXIT.error), SECOND_MS).unref();
    return EXIT.error;
  } finally {
    endHangUps();
    await server.close();
  }
}

/** Who may tell of a push or of an order, and what follows. */
const listeners = ({ definitions }: Context, loop: Loop, { current }: WebhookSecrets) => ({
  secrets: current,
  judgeNotification: (account: string, headers: IncomingHttpHeaders, fields: URLSearchParams) =>
    judgeNotification(account, headers, fields, {
      secrets: current(),
      accounts: loop.accounts(),
      definitions,
    }),
  onOrder: loop.lookAt,
});

/** SIGHUP: run now, and read everything anew. */
function onHangUp(loop: Loop, log: Log): () => void {
  const listener = (): void => {
    log.info({}, 'told to run now and to read everything anew');
    loop.refresh();
  };
  process.on('SIGHUP', listener);
  return () => void process.off('SIGHUP', listener);
}

/** Everything it says is a line of the log; what is being pushed when it is stopped gets there. */
const daemonContext = (context: Context, log: Log, gitSignal: AbortSignal): Context => ({
  ...context,
  log,
  gitSignal,
  quiet: rememberedQuiet(fileQuiet({ ...context, log })),
  interactive: false,
  print: (text) => log.info({ text: text.trimEnd() }, 'printed'),
  say: (text) => log.warn({ text: text.trimEnd() }, 'notice'),
  ask: async () => undefined,
});

const flagOf = (key: string): string => `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** @throws CertError `usage` */
function durationOf(options: Options, key: string, leastMs: number): number {
  const text = String(options[key]);
  const ms = parseDuration(text);
  if (ms !== undefined && ms >= leastMs) return ms;
  throw new CertError('usage', `${flagOf(key)} ${text} is no duration of at least ${leastMs / SECOND_MS} s`, {
    remedy: 'write 30s, 5m or 20h',
  });
}

/** @throws CertError `usage` */
function countOf(options: Options, key: string): number {
  const text = String(options[key]);
  const count = /^[1-9]\d{0,5}$/.test(text) ? Number(text) : undefined;
  if (count !== undefined) return count;
  throw new CertError('usage', `${flagOf(key)} ${text} is no number of at least 1`, {
    remedy: 'write 100',
  });
}

function secretSource({ env, cwd }: Context, file: unknown): SecretSource | undefined {
  if (typeof file === 'string') return { kind: 'file', path: resolve(cwd, file) };
  return env[SECRET_VARIABLE] ? { kind: 'variable', name: SECRET_VARIABLE } : undefined;
}
