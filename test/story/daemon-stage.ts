import { createHmac } from 'node:crypto';
import { PAID_COMMAND } from './paid.js';
import { type Ended, type Started, start, type Team } from './stage.js';

export const WEBHOOK_SECRET = 'a secret of the webhook';
/** A run that had nothing to read, or one that read everything. */
export const RUN_ENDED = /run ended|nothing changed"/;

export interface Daemon {
  readonly process: Started;
  readonly url: string;
  /** The next line of the log that fits, after those that were waited for. */
  line(pattern: RegExp): Promise<string>;
  ready(): Promise<number>;
  /** SIGTERM, to the end. */
  stop(): Promise<Ended>;
}

export interface DaemonOptions {
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/** The daemon of a team, listening. It looks at the remote on its own once an hour: here, when it is told. */
export async function daemonOf(team: Team, options: DaemonOptions = {}): Promise<Daemon> {
  const args = ['daemon', '--port', '0', '--poll', '1h', '--wait', '2s', ...(options.args ?? [])];
  const process = start(args, {
    cwd: team.clone,
    env: {
      ...team.env,
      CERTWRIGHT_WEBHOOK_SECRET: WEBHOOK_SECRET,
      CERTWRIGHT_LOG: 'debug',
      ...options.env,
    },
    program: PAID_COMMAND,
  });
  let unread: string[] = [];
  let rest = '';
  let look = (): void => undefined;
  process.child.stderr?.on('data', (text: string) => {
    const lines = `${rest}${text}`.split('\n');
    rest = lines.pop() ?? '';
    unread.push(...lines);
    look();
  });
  const line = (pattern: RegExp): Promise<string> =>
    new Promise((settle, fail) => {
      look = () => {
        const at = unread.findIndex((one) => pattern.test(one));
        const found = unread[at];
        if (found === undefined) return;
        unread = unread.slice(at + 1);
        settle(found);
      };
      process.ended.then(({ said }) => fail(new Error(`ended without ${pattern}: ${said}`)), fail);
      look();
    });
  const { url } = JSON.parse(await line(/daemon started/));
  return {
    process,
    url,
    line,
    ready: async () => (await fetch(`${url}/readyz`)).status,
    async stop() {
      process.child.kill('SIGTERM');
      return process.ended;
    },
  };
}

let tellings = 0;

/** As GitHub tells of a push: no two deliveries are the same. Gives the status of the answer. */
export async function tell(
  { url }: Pick<Daemon, 'url'>,
  ref = 'refs/heads/main',
  secret = WEBHOOK_SECRET,
): Promise<number> {
  tellings += 1;
  const body = JSON.stringify({ ref, after: String(tellings) });
  const response = await fetch(`${url}/webhook`, {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/json',
      'x-github-event': 'push',
      'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
    },
  });
  return response.status;
}
