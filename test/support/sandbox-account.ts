import type { ProviderConfig } from '../../src/model/configuration.js';
import type { JsonObject } from '../../src/model/json.js';
import { Secret } from '../../src/model/secret.js';
import type { CallObserver } from '../../src/ports/call-observer.js';
import type { Provider, ProviderDefinition } from '../../src/ports/provider.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/index.js';
import { type ManualClock, manualClock } from './manual-clock.js';
import { memoryLog } from './memory-log.js';
import { providerDeps } from './provider-deps.js';

export interface SandboxAccountOptions {
  readonly settings?: JsonObject;
  readonly config?: Partial<ProviderConfig>;
  readonly observe?: CallObserver;
  /** The account that delivers what this one sells; its clock is that of both. */
  readonly upstream?: Pick<SandboxAccount, 'provider' | 'clock'>;
}

export interface SandboxAccount {
  readonly provider: Provider;
  readonly sandbox: Sandbox;
  readonly clock: ManualClock;
  readonly log: ReturnType<typeof memoryLog>;
  /** The same account with another secret. */
  another(secret: string): Promise<Provider>;
  fault(rule: string): Promise<void>;
  close(): Promise<void>;
}

export interface Opening {
  readonly definition: ProviderDefinition;
  readonly login: Readonly<Record<string, string>>;
  /** Which of the login is the secret that `another` changes. */
  readonly secret: string;
  readonly config: Partial<ProviderConfig>;
}

/** An account of an adapter at its sandbox on the same clock, which stands still until it is moved. */
export async function openSandboxAccount(
  { definition, login, secret, config: defaults }: Opening,
  options: SandboxAccountOptions = {},
): Promise<SandboxAccount> {
  const clock = options.upstream?.clock ?? manualClock();
  const sandbox = await startSandbox(definition.type, {
    now: () => clock.now(),
    login,
    ...(options.settings === undefined ? {} : { settings: options.settings }),
  });
  const log = memoryLog();
  const config: ProviderConfig = {
    id: definition.type,
    type: definition.type,
    environment: 'rehearsal',
    credentials: {},
    url: sandbox.url,
    priority: 100,
    prices: {},
    options: {},
    ...defaults,
    ...options.config,
  };
  const open = (given: string): Promise<Provider> => {
    const deps = providerDeps({
      config,
      credentials: Object.fromEntries(
        Object.entries(login).map(([name, value]) => [name, new Secret(name === secret ? given : value)]),
      ),
      clock,
      log,
      observe: options.observe,
      ...(options.upstream === undefined ? {} : { upstream: options.upstream.provider }),
    });
    return definition.create(deps);
  };
  return {
    provider: await open(login[secret] ?? ''),
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
