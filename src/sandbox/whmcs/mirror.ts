import type { FieldRole, Product } from './products.js';
import type { Desk, Service, SslOrder } from './state.js';

const PANELS = {
  client: 'Waiting Submit Order',
  admin: 'Waiting for Payment on RVglobalsoft.com',
  account: 'Waiting for Payment',
} as const;

/** In the words of the module; those of `rvssl` are the published ones. */
export function stateText({ settings }: Pick<Desk, 'settings'>, product: Product, ssl: SslOrder): string {
  const rvssl = product.module === 'rvssl';
  switch (ssl.state) {
    case 'configuring':
      return rvssl ? 'WAITING_SUBMIT_CSR' : 'Awaiting Configuration';
    case 'processing':
      if (ssl.owed) return PANELS[settings.upstreamPanel];
      return rvssl ? (ssl.stations[0] ?? 'WF_CERTGEN') : 'Configuration Submitted';
    case 'issued':
      return rvssl ? 'COMPLETED' : 'Completed';
    case 'rejected':
      return 'REJECTED';
    case 'revoked':
      return 'Revoked';
    case 'cancelled':
      return 'Cancelled';
  }
}

/** The bridge: what an operator's module or hook copies into custom fields. Without it nobody outside sees anything. */
export function mirror(desk: Desk, product: Product, service: Service): void {
  const { ssl } = service;
  if (!desk.settings.bridge || ssl === null || product.module === 'wizard') return;
  const newest = ssl.certificates.at(-1);
  const waits = ssl.state === 'processing';
  const texts: Readonly<Partial<Record<FieldRole, string>>> = {
    state: stateText(desk, product, ssl),
    certificate: newest?.pem ?? '',
    chain: newest === undefined ? '' : desk.seat.ca.chain('public').toReversed().join(''),
    recordName: waits ? `_${ssl.keyHash.slice(0, 32)}.${service.domain.replace(/^\*\./, '')}` : '',
    remote: ssl.remoteId,
    recordValue: waits ? `${ssl.keyHash.slice(32)}.authority.example` : '',
  };
  for (const { id, role } of product.fields) {
    const text = texts[role];
    if (text !== undefined) service.fields[String(id)] = text;
  }
}
