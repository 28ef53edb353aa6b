import type { Leaf } from '../frame/definition.js';
import { misissued } from '../frame/misissued.js';
import { validityOf } from '../frame/validity.js';
import { payUpstream } from './enrol.js';
import { mirror } from './mirror.js';
import { productOf } from './modules.js';
import type { Product } from './products.js';
import type { Desk, Service, SslOrder } from './state.js';

/** Lets everything happen that is due: nothing here has a timer, a call is what makes it go on. */
export async function settle(desk: Desk): Promise<void> {
  for (const service of desk.state.services) await settleService(desk, service);
}

export async function settleService(desk: Desk, service: Service): Promise<void> {
  const product = productOf(desk, service);
  const { ssl } = service;
  if (service.cancelRequest?.granted && service.status !== 'Cancelled') service.status = 'Cancelled';
  if (product === undefined || ssl?.state !== 'processing' || service.status !== 'Active') return;
  payUpstream(desk, product, ssl);
  if (!ssl.owed && (desk.settings.autoApprove || ssl.now)) ssl.stations = [];
  if (!ssl.owed && ssl.stations.length === 0) await issue(desk, product, service, ssl);
  mirror(desk, product, service);
}

async function issue(desk: Desk, product: Product, service: Service, ssl: SslOrder): Promise<void> {
  const { seat, settings, nowMs } = desk;
  const leaf: Leaf = {
    spkiDer: Buffer.from(ssl.spkiBase64, 'base64'),
    names: ssl.names,
    commonName: ssl.names[0],
    organization: product.level === 'DV' ? undefined : { name: 'Vetted Ltd', country: 'GB' },
    ...validityOf(settings.validityLimits, nowMs, service.termEndMs),
  };
  const wrong = await misissued(seat, leaf);
  const signed = await seat.ca.sign('public', wrong);
  ssl.certificates.push({ ...signed, keyHash: ssl.keyHash, notAfterMs: wrong.notAfterMs });
  ssl.state = 'issued';
  ssl.row = 'Completed';
  ssl.now = false;
}
