import { join } from 'node:path';
import { inject, onTestFinished } from 'vitest';
import { PaidProviderControl } from '../support/paid-provider/control.js';
import { spawnPaidProvider } from '../support/paid-provider/process.js';
import type { PaidProviderOptions } from '../support/paid-provider/server.js';

/** Starts the command with the paid provider of the tests among its kinds. */
export const PAID_COMMAND: readonly string[] = [process.execPath, join(inject('packed'), 'paid-command.js')];

export interface PaidShop {
  readonly control: PaidProviderControl;
  readonly token: string;
  /** `providers:` and `policy:` for `certwright.yaml`; the token comes from SHOP_TOKEN. */
  readonly providers: string;
  readonly env: Readonly<Record<string, string>>;
}

/** A seller as a process of its own, and what a team writes to buy there. */
export async function paidShop(options: PaidProviderOptions = {}): Promise<PaidShop> {
  const seller = await spawnPaidProvider({ ...options, settings: { search: 'unique', ...options.settings } });
  onTestFinished(() => seller.close());
  return {
    control: new PaidProviderControl(seller.url),
    token: seller.token,
    providers: `providers:
  internal:
    type: paid-test
    environment: rehearsal
    url: ${seller.url}
    search: unique
    credentials: { token: "\${SHOP_TOKEN}" }
policy:
  spending: { perOrder: 500 USD, perDay: 500 USD, perMonth: 500 USD }
`,
    env: { SHOP_TOKEN: seller.token },
  };
}

export const PAID_MANIFEST = 'domain: shop.example.com\nproduct: paid-multi\nterm: 1y\nmaxPrice: 400 USD\n';
