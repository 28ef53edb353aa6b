import type { JsonObject } from '../../src/model/json.js';
import { namecheap } from '../../src/providers/namecheap/index.js';
import type { Sandbox } from '../../src/sandbox/index.js';
import { openSandboxAccount, type SandboxAccount, type SandboxAccountOptions } from './sandbox-account.js';

const LOGIN = { apiUser: 'acme', apiKey: 'S3cret+ key', clientIp: '198.51.100.7' } as const;

/** More calls than any test makes: the budget has tests of its own. */
const PLENTY = { callsPerMinute: 6000, callsPerHour: 360_000, callsPerDay: 8_640_000 } as const;

export const namecheapAccount = ({
  config,
  ...options
}: SandboxAccountOptions = {}): Promise<SandboxAccount> =>
  openSandboxAccount(
    { definition: namecheap, login: LOGIN, secret: 'apiKey', config: {} },
    { ...options, config: { ...config, options: { ...PLENTY, ...config?.options } } },
  );

interface EntryFacts {
  readonly id: string;
  readonly status: string;
}

/** How the module behind a shop buys there. */
export const wholesaler = ({ url }: Pick<Sandbox, 'url'>): JsonObject => ({
  wholesaleUrl: url,
  wholesaleUser: LOGIN.apiUser,
  wholesaleKey: LOGIN.apiKey,
  wholesaleIp: LOGIN.clientIp,
});

export const entriesOf = async (sandbox: Sandbox): Promise<readonly EntryFacts[]> =>
  (await sandbox.control('GET', 'certificates')) as unknown as readonly EntryFacts[];

/** Every certificate that waits is issued when next looked at. */
export async function issueAll(sandbox: Sandbox): Promise<void> {
  for (const { id, status } of await entriesOf(sandbox)) {
    if (status === 'Purchased') await sandbox.control('POST', `certificates/${id}/issue`);
  }
}
