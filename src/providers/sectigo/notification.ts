/** Digits, as Sectigo numbers orders. */
const ORDER_NUMBER = /^\d{1,20}$/;

/**
 * The order of a push notification. Sectigo calls with GET or, where it brings certificates or announces a revocation,
 * with POST; `orderNumber` is in both. Nothing proves the rest: it is asked for.
 */
export function notifiedOrder(fields: URLSearchParams): string | undefined {
  const number = fields.get('orderNumber');
  return number !== null && ORDER_NUMBER.test(number) ? number : undefined;
}
