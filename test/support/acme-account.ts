import { generateKeyPairSync, randomBytes } from 'node:crypto';
import type { ProviderConfig } from '../../src/model/configuration.js';
import type { JsonObject } from '../../src/model/json.js';
import { Secret } from '../../src/model/secret.js';
import type { Provider, ProviderDeps } from '../../src/ports/provider.js';
import { acme } from '../../src/providers/acme/index.js';
import { type AcmeServer, type AcmeServerOptions, startAcmeServer } from './acme-server.js';
import { ageSealer, type CountingSealer } from './local-ca-account.js';
import { type ManualClock, manualClock } from './manual-clock.js';
import { type MemoryAccountStore, memoryAccountStore } from './memory-account-store.js';
import { memoryLog } from './memory-log.js';

export interface AcmeAccountOptions {
  readonly server?: Partial<AcmeServerOptions>;
  readonly options?: JsonObject;
  readonly credentials?: Readonly<Record<string, string>>;
}

export interface AcmeAccount {
  readonly provider: Provider;
  readonly server: AcmeServer;
  readonly clock: ManualClock;
  readonly store: MemoryAccountStore;
  readonly sealer: CountingSealer;
  readonly log: ReturnType<typeof memoryLog>;
  /** Another run of the same account, unless told otherwise. */
  another(over?: Partial<ProviderDeps> & { readonly options?: JsonObject }): Promise<Provider>;
  close(): Promise<void>;
}

export const accountKeyPem = (): string =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
    type: 'pkcs8',
    format: 'pem',
  }) as string;

export const secretsOf = (values: Readonly<Record<string, string>>): Readonly<Record<string, Secret>> =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key, new Secret(value)]));

/** An account of the adapter at an ACME server on the same clock, which stands still until it is moved. */
export async function acmeAccount(settings: AcmeAccountOptions = {}): Promise<AcmeAccount> {
  const clock = manualClock();
  const server = await startAcmeServer({ now: () => clock.now(), ...settings.server });
  const store = memoryAccountStore();
  const sealer = await ageSealer();
  const log = memoryLog();
  const config = (options: JsonObject): ProviderConfig => ({
    id: 'ca',
    type: 'acme',
    environment: 'rehearsal',
    credentials: {},
    url: server.directory,
    priority: 100,
    prices: {},
    options: { termsAgreed: true, ...options },
  });
  const another: AcmeAccount['another'] = async ({ options = settings.options ?? {}, ...over } = {}) =>
    acme.create({
      config: config(options),
      repositoryId: 'k3v9x2',
      credentials: secretsOf(settings.credentials ?? {}),
      clock,
      log,
      accountStore: store,
      runnerSealer: sealer,
      random: { hex: (bytes) => randomBytes(bytes).toString('hex') },
      ...over,
    });
  return { provider: await another(), server, clock, store, sealer, log, another, close: server.close };
}
