import type { Environment, ProviderConfig } from '../../src/model/configuration.js';
import type { JsonObject } from '../../src/model/json.js';
import { money } from '../../src/model/money.js';
import { Secret } from '../../src/model/secret.js';
import type { Provider, ProviderDeps } from '../../src/ports/provider.js';
import { sectigo } from '../../src/providers/sectigo/index.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/index.js';
import { type ManualClock, manualClock } from './manual-clock.js';
import { memoryAccountStore } from './memory-account-store.js';
import { memoryLog } from './memory-log.js';

const LOGIN = { loginName: 'acme', loginPassword: 'S3cret+ word' } as const;
const usd = (amount: string) => money(amount, 'USD');

export interface SandboxAccountOptions {
  readonly settings?: JsonObject;
  readonly environment?: Environment;
  readonly config?: Partial<ProviderConfig>;
}

export interface SandboxAccount {
  readonly provider: Provider;
  readonly sandbox: Sandbox;
  readonly clock: ManualClock;
  readonly log: ReturnType<typeof memoryLog>;
  /** The same account with other credentials. */
  another(password: string): Promise<Provider>;
  fault(rule: string): Promise<void>;
  close(): Promise<void>;
}

/** An account of the adapter at a sandbox on the same clock, which stands still until it is moved. */
export async function sectigoAccount(options: SandboxAccountOptions = {}): Promise<SandboxAccount> {
  const clock = manualClock();
  const sandbox = await startSandbox('sectigo', {
    now: () => clock.now(),
    login: LOGIN,
    ...(options.settings === undefined ? {} : { settings: options.settings }),
  });
  const log = memoryLog();
  const config: ProviderConfig = {
    id: 'sectigo',
    type: 'sectigo',
    environment: options.environment ?? 'rehearsal',
    credentials: {},
    url: sandbox.url,
    currency: 'USD',
    priority: 100,
    prices: {
      positivessl: { '1y': { base: usd('9.99'), names: 1 } },
      'positivessl-multi-domain': { '1y': { base: usd('25'), names: 3, perName: usd('6') } },
    },
    options: {},
    ...options.config,
  };
  const unsealed = (): never => {
    throw new Error('nothing is sealed here');
  };
  const open = (password: string): Promise<Provider> => {
    const deps: ProviderDeps = {
      config,
      repositoryId: 'k3v9x2',
      credentials: { loginName: new Secret(LOGIN.loginName), loginPassword: new Secret(password) },
      clock,
      log,
      accountStore: memoryAccountStore(),
      runnerSealer: { seal: unsealed, open: unsealed },
      random: { hex: (bytes) => 'ab'.repeat(bytes) },
    };
    return sectigo.create(deps);
  };
  return {
    provider: await open(LOGIN.loginPassword),
    sandbox,
    clock,
    log,
    another: open,
    fault: async (rule) => {
      await sandbox.control('POST', 'faults', { fault: rule });
    },
    close: () => sandbox.close(),
  };
}

/** Every order that waits gets its certificate when next looked at. */
export async function issueAll(sandbox: Sandbox): Promise<void> {
  const orders = (await sandbox.control('GET', 'orders')) as readonly {
    readonly orderNumber: string;
    readonly state: string;
    readonly certificates: readonly { readonly state: string }[];
  }[];
  for (const { orderNumber, state, certificates } of orders) {
    if (state === 'rejected' || certificates.at(-1)?.state !== 'pending') continue;
    await sandbox.control('POST', `orders/${orderNumber}/issue`);
  }
}
