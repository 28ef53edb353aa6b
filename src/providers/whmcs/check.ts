import { refusedLogin } from '../../http/refused-login.js';
import type { Environment } from '../../model/configuration.js';
import { CertError } from '../../model/errors.js';
import { DAY_MS, dayOf, toMs } from '../../model/time.js';
import type { Clock } from '../../ports/clock.js';
import type { ConnectionReport } from '../../ports/provider.js';
import { type FieldName, productWithPid } from './options.js';
import { fieldOf, isActive, readService, type Service } from './service.js';
import type { Shop } from './shop.js';
import { localDateOf } from './wire.js';

const MOST_BILLS = 5;
const SOON_MS = 30 * DAY_MS;
const CRON_AGE_MS = 2 * DAY_MS;

/** Credentials, role, payment method, and every mapped field; and what the shop would bill by itself. */
export async function checkShop(
  shop: Shop,
  clock: Pick<Clock, 'now'>,
  environment: Environment,
): Promise<ConnectionReport> {
  const report = { environment };
  try {
    const balance = await shop.credit();
    const wrong = [...(await configurationFaults(shop)), ...(await serviceFaults(shop))];
    const there = await delivererFaults(shop);
    const warnings = [...(await billsAhead(shop, clock)), ...(await cronFaults(shop, clock))];
    const ok = wrong.length === 0 && there.length === 0;
    return { ...report, ok, findings: [...wrong, ...there, ...warnings], balance };
  } catch (error) {
    return refusedLogin(environment, error);
  }
}

const faultOf = async (task: () => Promise<unknown>): Promise<readonly string[]> => {
  try {
    await task();
    return [];
  } catch (error) {
    if (!(error instanceof CertError)) throw error;
    if (error.code !== 'config.invalid' && error.code !== 'provider.refused') throw error;
    return [error.message];
  }
};

async function configurationFaults(shop: Shop): Promise<readonly string[]> {
  const found = [...(await faultOf(() => shop.catalogue.checkPaymentMethod()))];
  for (const product of shop.options.products) {
    const stale: string[] = [];
    const faults = await faultOf(async () => stale.push(...(await shop.catalogue.staleFields(product))));
    found.push(...faults, ...stale);
  }
  return found;
}

async function servicesOf({ client, options }: Shop): Promise<readonly Service[]> {
  const { rows } = await client.list(
    'GetClientsProducts',
    { clientid: options.clientId },
    'products',
    'product',
  );
  return rows.map(readService);
}

/** Fields that only services show: looked for at one service of each product. */
async function serviceFaults(shop: Shop): Promise<readonly string[]> {
  const services = await servicesOf(shop);
  const found: string[] = [];
  for (const product of shop.options.products) {
    const service = services.find(({ pid }) => pid === product.pid);
    if (!service) continue;
    for (const name of Object.keys(product.fields) as readonly FieldName[]) {
      found.push(...(await faultOf(async () => fieldOf(product, service, name))));
    }
  }
  return found;
}

/** The account that delivers has to answer too. */
async function delivererFaults({ upstream }: Shop): Promise<readonly string[]> {
  const report = await upstream?.check();
  if (!upstream || report?.ok !== false) return [];
  const why = report.findings.length === 0 ? 'it refuses us' : report.findings.join('; ');
  return [`${upstream.config.id}, which delivers: ${why}`];
}

/** Where the shop bills soon what certwright renews: its invoice is the one that certwright pays. */
async function billsAhead(shop: Shop, clock: Pick<Clock, 'now'>): Promise<readonly string[]> {
  const { options } = shop;
  if (options.renewalOwner === 'whmcs') return [];
  const due = (await servicesOf(shop)).flatMap((service) => {
    const at = localDateOf(service.row, 'nextduedate');
    const billed = at !== undefined && toMs(at) - clock.now() <= SOON_MS;
    return isActive(service) && productWithPid(options, service.pid) && billed ? [{ service, at }] : [];
  });
  const lines = due
    .slice(0, MOST_BILLS)
    .map(
      ({ service, at }) =>
        `the shop bills service ${service.id} (${service.domain}) for ${dayOf(toMs(at))}; certwright pays that invoice when it renews: see that the shop takes no credit by itself; \`certwright sync --write-due-dates\` sets the day to the end of what is paid`,
    );
  return due.length > MOST_BILLS ? [...lines, `and ${due.length - MOST_BILLS} more`] : lines;
}

/** Without its cron a shop synchronises nothing. The API role need not allow to ask. */
async function cronFaults({ client }: Shop, clock: Pick<Clock, 'now'>): Promise<readonly string[]> {
  try {
    const { data } = await client.read('GetAutomationLog', {}, 'the cron');
    const at = localDateOf(data, 'lastDailyCronInvocationTime');
    if (at === undefined || clock.now() - toMs(at) <= CRON_AGE_MS) return [];
    return [`the daily cron of the shop last ran ${dayOf(toMs(at))}; modules synchronise by it`];
  } catch (error) {
    if (error instanceof CertError && error.code === 'provider.refused') return [];
    throw error;
  }
}
