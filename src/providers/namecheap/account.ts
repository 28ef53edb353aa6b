import type { Money } from '../../model/money.js';
import type { NamecheapClient } from './client.js';
import type { Listing } from './list.js';
import type { NamecheapProduct } from './products.js';

/** Who else may buy in the account, and take what was bought. */
export type Slots = 'shared' | 'exclusive';

/** What the steps of one account share. */
export interface Account {
  readonly client: NamecheapClient;
  readonly slots: Slots;
  readonly deliveryEmail: string | undefined;
  /** The name a product is asked for by: the vendor's present one, or the operator's. */
  typeOf(product: NamecheapProduct): string;
  /** Something was written: what was listed before is old. */
  changed(): void;
  /** The list as it stands now. */
  listing(): Promise<Listing>;
  balance(): Promise<Money>;
}
