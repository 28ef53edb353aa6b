import { parseDelivery } from '../../model/delivery.js';
import type { Recorded, Validator } from '../../ports/provider.js';
import { type FunctionName, isDelivered, productWithPid, type ShopOptions } from './options.js';
import { parseOrderId } from './service.js';
import type { Shop } from './shop.js';
import { upstreamRecorded } from './upstream.js';

/** Do all products name this function? A capability belongs to the account. */
const allHave = ({ products }: Pick<ShopOptions, 'products'>, name: FunctionName): boolean =>
  products.length > 0 && products.every(({ functions }) => functions[name] !== undefined);

/** Of orders that another account delivers, that account; of others, functions of the module that repeat safely. */
export function shopValidator(shop: Shop): Validator | undefined {
  const { options } = shop;
  const { products } = options;
  const there = shop.upstream?.validator;
  const delivered = there !== undefined && products.every(isDelivered) ? there : undefined;
  const resends = allHave(options, 'resend');
  const syncs = products.some(({ functions }) => functions.sync !== undefined);
  if (!resends && !syncs && there === undefined) return undefined;
  const call = async (orderId: string, name: FunctionName): Promise<void> => {
    const service = await shop.service(parseOrderId(orderId).serviceId);
    const wanted = productWithPid(options, service.pid)?.functions[name];
    if (wanted !== undefined) await shop.client.callModule(service.id, wanted);
  };
  const asThere = (recorded: Recorded | undefined, id: string) =>
    recorded && upstreamRecorded(shop, recorded, id);
  const change = delivered?.change?.bind(delivered);
  const resend = delivered?.resend?.bind(delivered);
  return {
    recheck: async (orderId, items, recorded) => {
      const id = parseDelivery(orderId)?.id;
      if (id === undefined) return call(orderId, 'sync');
      await there?.recheck(id, items, asThere(recorded, id));
    },
    ...(change === undefined
      ? {}
      : {
          change: async (orderId, items, recorded) => {
            const id = parseDelivery(orderId)?.id;
            if (id !== undefined) await change(id, items, asThere(recorded, id));
          },
        }),
    ...(resends ? { resend: (orderId: string) => call(orderId, 'resend') } : {}),
    ...(resends || resend === undefined
      ? {}
      : {
          resend: async (orderId, items) => {
            const id = parseDelivery(orderId)?.id;
            if (id !== undefined) await resend(id, items);
          },
        }),
  };
}
