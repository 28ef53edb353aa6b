import type { Validator } from '../../ports/provider.js';
import { type FunctionName, productWithPid, type ShopOptions } from './options.js';
import { parseOrderId } from './service.js';
import type { Shop } from './shop.js';

/** Do all products name this function? A capability belongs to the account. */
const allHave = ({ products }: Pick<ShopOptions, 'products'>, name: FunctionName): boolean =>
  products.length > 0 && products.every(({ functions }) => functions[name] !== undefined);

/** Functions of the module that repeat safely; undefined where no product names them. */
export function shopValidator(shop: Shop): Validator | undefined {
  const { options } = shop;
  const resends = allHave(options, 'resend');
  if (!resends && !options.products.some(({ functions }) => functions.sync !== undefined)) return undefined;
  const call = async (orderId: string, name: FunctionName): Promise<void> => {
    const service = await shop.service(parseOrderId(orderId).serviceId);
    const wanted = productWithPid(options, service.pid)?.functions[name];
    if (wanted !== undefined) await shop.client.callModule(service.id, wanted);
  };
  return {
    recheck: (orderId) => call(orderId, 'sync'),
    ...(resends ? { resend: (orderId: string) => call(orderId, 'resend') } : {}),
  };
}
