import { randomBytes } from 'node:crypto';
import { CertError } from '../../../src/model/errors.js';
import { Secret } from '../../../src/model/secret.js';
import type { Provider, ProviderDefinition, ProviderDeps } from '../../../src/ports/provider.js';
import { type ManualClock, manualClock } from '../manual-clock.js';
import { memoryAccountStore } from '../memory-account-store.js';
import { memoryLog } from '../memory-log.js';
import { paidTest, paidTestOver } from './adapter.js';
import { PaidProviderControl } from './control.js';
import { memoryLine } from './memory-line.js';
import { openShop, type PaidProviderOptions, startPaidProvider } from './server.js';

export interface PaidAccount {
  readonly provider: Provider;
  readonly control: PaidProviderControl;
  /** Stands still; `advance` moves it and the seller's clock together. */
  readonly clock: ManualClock;
  readonly url: string;
  readonly definition: ProviderDefinition;
  advance(ms: number): Promise<void>;
  /** The same account by another adapter; with a token of its own, where one is given. */
  another(token?: string): Promise<Provider>;
  close(): Promise<void>;
}

const noSealer = async (): Promise<never> => {
  throw new CertError('internal', 'nothing is sealed here');
};

interface Counter {
  readonly url: string;
  readonly token: string;
  readonly definition: ProviderDefinition;
  readonly control: PaidProviderControl;
  close(): Promise<void>;
}

async function overHttp(options: PaidProviderOptions): Promise<Counter> {
  const server = await startPaidProvider(options);
  const control = new PaidProviderControl(server.url);
  return { ...server, definition: paidTest, control, close: () => server.close() };
}

async function inMemory(options: PaidProviderOptions): Promise<Counter> {
  const shop = await openShop(options);
  return {
    url: 'http://localhost',
    token: 'paid-test-token',
    definition: paidTestOver(memoryLine(shop)),
    control: new PaidProviderControl(shop),
    close: async () => undefined,
  };
}

/**
 * A seller in this process and an adapter for it, both on one standing clock.
 * @param line  `memory`: the same adapter without a socket
 */
export async function paidAccount(
  options: PaidProviderOptions = {},
  line: 'http' | 'memory' = 'http',
): Promise<PaidAccount> {
  const clock = manualClock();
  const open = line === 'http' ? overHttp : inMemory;
  const server = await open({ nowMs: clock.now(), ...options });
  const { control, definition } = server;
  const { search, visibilityLagMs, reissueChangesId, carriesRemainingDays } = options.settings ?? {};
  const another = (token: string = server.token): Promise<Provider> => {
    const deps: ProviderDeps = {
      config: {
        id: 'paid',
        type: definition.type,
        environment: 'rehearsal',
        credentials: {},
        url: server.url,
        priority: 10,
        prices: {},
        options: {
          ...(search === undefined ? {} : { search }),
          ...(visibilityLagMs === undefined ? {} : { visibilityLagMs }),
          ...(reissueChangesId === undefined ? {} : { reissueChangesId }),
          ...(carriesRemainingDays === undefined ? {} : { carriesRemainingDays }),
        },
      },
      repositoryId: 'k3v9x2',
      credentials: { token: new Secret(token) },
      clock,
      log: memoryLog(),
      accountStore: memoryAccountStore(),
      runnerSealer: { seal: noSealer, open: noSealer },
      random: { hex: (bytes) => randomBytes(bytes).toString('hex') },
    };
    return definition.create(deps);
  };
  return {
    provider: await another(),
    control,
    clock,
    url: server.url,
    definition,
    another,
    advance: async (ms) => {
      clock.advance(ms);
      await control.advance(ms);
    },
    close: () => server.close(),
  };
}
