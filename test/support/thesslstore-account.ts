import { theSslStore } from '../../src/providers/thesslstore/index.js';
import type { Sandbox } from '../../src/sandbox/index.js';
import { openSandboxAccount, type SandboxAccount, type SandboxAccountOptions } from './sandbox-account.js';

export type { SandboxAccount, SandboxAccountOptions };

const LOGIN = { partnerCode: '10000001', authToken: 'S3cret+ token' } as const;

export const storeAccount = (options: SandboxAccountOptions = {}): Promise<SandboxAccount> =>
  openSandboxAccount({ definition: theSslStore, login: LOGIN, secret: 'authToken', config: {} }, options);

interface OrderFacts {
  readonly id: string;
  readonly cancelled: boolean;
  readonly refund: string | null;
  readonly certificates: readonly { readonly state: string }[];
}

/** Every order that waits gets its certificate when next looked at; refunds that were asked for are granted. */
export async function issueAll(sandbox: Sandbox): Promise<void> {
  const orders = (await sandbox.control('GET', 'orders')) as unknown as readonly OrderFacts[];
  for (const { id, cancelled, refund, certificates } of orders) {
    if (refund === 'asked') await sandbox.control('POST', `orders/${id}/refund`);
    else if (!cancelled && certificates.at(-1)?.state === 'pending') {
      await sandbox.control('POST', `orders/${id}/issue`);
    }
  }
}
