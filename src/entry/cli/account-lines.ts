import type { AccountSync } from '../../reconcile/sync.js';
import { say, terminalText } from '../../report/escape.js';
import { hang, type RenderOptions } from '../../report/layout.js';
import { count, someOf } from '../../report/words.js';

const SHOWN_ORDERS = 20;
const SHOWN_NAMES = 3;

/** What the list of each account held, and whatever of it nobody declared. A list that failed was told by its event. */
export const accountLines = (accounts: readonly AccountSync[], { width }: RenderOptions): readonly string[] =>
  accounts.flatMap((account) => [...headLines(account, width), ...orderLines(account, width)]);

function headLines({ provider, kind, orders, listing, why }: AccountSync, width: number): readonly string[] {
  const name = terminalText(provider);
  switch (kind) {
    case 'failed':
      return [];
    case 'no-list':
      return hang(
        `${name}: `,
        `cannot be listed: ${say(why ?? '')}; certwright sync NAME asks for single orders`,
        width,
      );
    case 'listed': {
      const unlisted = Object.keys(listing?.missing ?? {});
      const parts = [
        `${count(orders, 'order')} listed`,
        ...(listing?.undeclaredCount ? [`${listing.undeclaredCount} of them declared by nobody`] : []),
        ...(unlisted.length === 0 ? [] : [`not listed: ${someOf(unlisted, SHOWN_NAMES)}`]),
      ];
      return hang(`${name}: `, parts.join(', '), width);
    }
  }
}

function orderLines({ listing }: AccountSync, width: number): readonly string[] {
  const orders = listing?.undeclared ?? [];
  const more = (listing?.undeclaredCount ?? 0) - Math.min(orders.length, SHOWN_ORDERS);
  return [
    ...orders
      .slice(0, SHOWN_ORDERS)
      .flatMap(({ id, product, names, state }) =>
        hang(
          `  ${terminalText(id)}  `,
          `${terminalText(product)}, ${state}${names.length === 0 ? '' : `, ${someOf(names, SHOWN_NAMES)}`}`,
          width,
        ),
      ),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ];
}
