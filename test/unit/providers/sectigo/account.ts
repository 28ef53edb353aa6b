import { onTestFinished } from 'vitest';
import type { ProviderConfig } from '../../../../src/model/configuration.js';
import { Secret } from '../../../../src/model/secret.js';
import type { Provider } from '../../../../src/ports/provider.js';
import { sectigo } from '../../../../src/providers/sectigo/index.js';
import { type ManualClock, manualClock } from '../../../support/manual-clock.js';
import { memoryLog } from '../../../support/memory-log.js';
import { providerDeps } from '../../../support/provider-deps.js';
import { httpServer } from '../../http/servers.js';

export interface Call {
  /** Last part of the path, `!` as it was sent. */
  readonly name: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** Body of the reply to a call; `hang-up` drops the line instead. */
export type Answer = (call: Call) => string | 'hang-up' | Promise<string>;

export interface ScriptedAccount {
  readonly provider: Provider;
  readonly calls: readonly Call[];
  readonly clock: ManualClock;
  readonly log: ReturnType<typeof memoryLog>;
  /** Answers of a call from now on. */
  on(name: string, answer: string | Answer): void;
  /** Parameters of the calls of this name. */
  sent(name: string): readonly Readonly<Record<string, string>>[];
}

export const LOGIN = 'acme';
export const PASSWORD = 's3cret canary';

/** An account at a server that answers what the test says, exactly on the wire. */
export async function scriptedAccount(over: Partial<ProviderConfig> = {}): Promise<ScriptedAccount> {
  const calls: Call[] = [];
  const answers = new Map<string, Answer>();
  const clock = manualClock();
  const log = memoryLog();
  const { url } = await httpServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', async () => {
      const name = decodeURIComponent(request.url ?? '').replace('/products/', '');
      const body = new URLSearchParams(Buffer.concat(chunks).toString());
      const call = { name, parameters: Object.fromEntries(body) };
      calls.push(call);
      const answer = answers.get(name);
      const text =
        answer === undefined ? `errorCode=-14&errorMessage=no+answer+for+${name}` : await answer(call);
      if (text === 'hang-up') {
        response.destroy();
        return;
      }
      response.writeHead(200, {
        'content-type': 'application/x-www-form-urlencoded',
        date: new Date(clock.now()).toUTCString(),
      });
      response.end(text);
    });
  });
  const config: ProviderConfig = {
    id: 'sectigo',
    type: 'sectigo',
    environment: 'rehearsal',
    credentials: {},
    url,
    currency: 'USD',
    priority: 100,
    prices: {},
    options: {},
    ...over,
  };
  const deps = providerDeps({
    config,
    credentials: { loginName: new Secret(LOGIN), loginPassword: new Secret(PASSWORD) },
    clock,
    log,
  });
  const provider = await sectigo.create(deps);
  onTestFinished(() => provider.close());
  return {
    provider,
    calls,
    clock,
    log,
    on: (name, answer) => answers.set(name, typeof answer === 'string' ? () => answer : answer),
    sent: (name) => calls.filter((call) => call.name === name).map(({ parameters }) => parameters),
  };
}
