import type { ProviderDeps } from '../../src/ports/provider.js';
import { manualClock } from './manual-clock.js';
import { memoryAccountStore } from './memory-account-store.js';
import { memoryLog } from './memory-log.js';

const unsealed = (): never => {
  throw new Error('nothing is sealed here');
};

/** What an account stands on in a test of its adapter: time stands still, nothing is kept, sealed or left to chance. */
export const providerDeps = (
  given: Pick<ProviderDeps, 'config' | 'credentials'> & Partial<ProviderDeps>,
): ProviderDeps => ({
  repositoryId: 'k3v9x2',
  clock: manualClock(),
  log: memoryLog(),
  accountStore: memoryAccountStore(),
  runnerSealer: { seal: unsealed, open: unsealed },
  random: { hex: (bytes) => 'ab'.repeat(bytes) },
  ...given,
});
