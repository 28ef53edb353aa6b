import { randomBytes } from 'node:crypto';
import { armor, Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import type { PriceTable, ProviderConfig } from '../../src/model/configuration.js';
import { CertError } from '../../src/model/errors.js';
import type { Json } from '../../src/model/json.js';
import { money } from '../../src/model/money.js';
import type { Sealer } from '../../src/ports/keystore.js';
import type { Provider, ProviderDeps } from '../../src/ports/provider.js';
import type { AccountStore } from '../../src/ports/repository.js';
import { localCa } from '../../src/providers/local-ca/index.js';
import { createFaultyLocalCa, type LocalCaFaults } from './faulty-local-ca.js';
import { type ManualClock, manualClock } from './manual-clock.js';
import { type MemoryAccountStore, memoryAccountStore } from './memory-account-store.js';
import { memoryLog } from './memory-log.js';

/** Seals and opens with real age. */
export interface CountingSealer extends Sealer {
  readonly opened: () => number;
  /** A runner with the same recipients and no identity. */
  withoutIdentity(): Sealer;
}

export async function ageSealer(): Promise<CountingSealer> {
  const identity = await generateX25519Identity();
  const recipient = await identityToRecipient(identity);
  let opened = 0;
  const seal = async (plain: string): Promise<string> => {
    const encrypter = new Encrypter();
    encrypter.addRecipient(recipient);
    return armor.encode(await encrypter.encrypt(plain));
  };
  return {
    opened: () => opened,
    seal,
    open: async (sealed) => {
      opened += 1;
      const decrypter = new Decrypter();
      decrypter.addIdentity(identity);
      return decrypter.decrypt(armor.decode(sealed), 'text');
    },
    withoutIdentity: () => ({
      seal,
      open: async () => {
        throw new CertError('key.no-identity', 'No identity was given.');
      },
    }),
  };
}

const usd = (amount: string) => money(amount, 'USD');

/** Two products: one with extra names for money, one for a single name. */
export const samplePrices: PriceTable = {
  'private-server': {
    '90d': { base: usd('4'), names: 2, perName: usd('1.50') },
    '1y': { base: usd('10'), names: 2, perName: usd('2.50') },
    '5y': { base: usd('40'), names: 2, perName: usd('10') },
  },
  'single-name': { '1y': { base: usd('3'), names: 1 } },
};

export interface AccountSettings {
  readonly options?: Readonly<Record<string, Json>>;
  readonly prices?: PriceTable;
  /** Instead of books in memory; `store` of the account is unused then. */
  readonly accountStore?: AccountStore;
  readonly clock?: ManualClock;
  readonly sealer?: Sealer;
  readonly faults?: LocalCaFaults;
}

export interface LocalCaAccount {
  readonly provider: Provider;
  readonly deps: ProviderDeps;
  readonly store: MemoryAccountStore;
  readonly clock: ManualClock;
  /** Another run on the same books, sealer and clock. */
  another(over?: Pick<AccountSettings, 'faults' | 'options' | 'sealer'>): Promise<Provider>;
}

/** An account of the embedded CA, on books in memory unless told otherwise. */
export async function localCaAccount(settings: AccountSettings = {}): Promise<LocalCaAccount> {
  const store = memoryAccountStore();
  const clock = settings.clock ?? manualClock();
  const config: ProviderConfig = {
    id: 'internal',
    type: 'local-ca',
    environment: 'live',
    credentials: {},
    priority: 10,
    prices: settings.prices ?? {},
    options: settings.options ?? {},
  };
  const deps: ProviderDeps = {
    config,
    repositoryId: 'k3v9x2',
    credentials: {},
    clock,
    log: memoryLog(),
    accountStore: settings.accountStore ?? store,
    runnerSealer: settings.sealer ?? (await ageSealer()),
    random: { hex: (bytes) => randomBytes(bytes).toString('hex') },
  };
  const make = (over: Pick<AccountSettings, 'faults' | 'options' | 'sealer'>): Promise<Provider> => {
    const changed: ProviderDeps = {
      ...deps,
      config: { ...config, options: over.options ?? config.options },
      runnerSealer: over.sealer ?? deps.runnerSealer,
    };
    return over.faults ? createFaultyLocalCa(changed, over.faults) : localCa.create(changed);
  };
  return { provider: await make(settings), deps, store, clock, another: (over = {}) => make(over) };
}
