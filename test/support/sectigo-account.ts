import type { Environment } from '../../src/model/configuration.js';
import { money } from '../../src/model/money.js';
import { sectigo } from '../../src/providers/sectigo/index.js';
import type { Sandbox } from '../../src/sandbox/index.js';
import {
  type SandboxAccountOptions as Options,
  openSandboxAccount,
  type SandboxAccount,
} from './sandbox-account.js';

export type { SandboxAccount };

const LOGIN = { loginName: 'acme', loginPassword: 'S3cret+ word' } as const;
const usd = (amount: string) => money(amount, 'USD');

export interface SandboxAccountOptions extends Options {
  readonly environment?: Environment;
}

/** An account at the Sectigo sandbox, with prices of two products. */
export const sectigoAccount = ({
  environment,
  ...options
}: SandboxAccountOptions = {}): Promise<SandboxAccount> =>
  openSandboxAccount(
    {
      definition: sectigo,
      login: LOGIN,
      secret: 'loginPassword',
      config: {
        environment: environment ?? 'rehearsal',
        currency: 'USD',
        prices: {
          positivessl: { '1y': { base: usd('9.99'), names: 1 } },
          'positivessl-multi-domain': { '1y': { base: usd('25'), names: 3, perName: usd('6') } },
        },
      },
    },
    options,
  );

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
