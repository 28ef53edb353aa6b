import type { Json, JsonObject } from '../../model/json.js';
import type { ControlCall, ControlRoute } from '../frame/definition.js';
import { instant, refuse } from '../frame/people.js';
import { applyByItself, makeInvoice, settleInvoice } from './billing.js';
import { configure, splitNames } from './enrol.js';
import { mirror, stateText } from './mirror.js';
import { create, productOf, termMonths } from './modules.js';
import { settleService } from './progress.js';
import { DAY_MS, type Desk, type Invoice, type Service, type SslOrder } from './state.js';

/** What other people do: operator, approvers, authority, RVglobalsoft, the shop's cron. And what the shop sees. */
export function controls(desk: () => Desk): readonly ControlRoute[] {
  const onService =
    (act: (now: Desk, service: Service, body: JsonObject) => Promise<void> | void) =>
    async ({ args: [id = ''], body }: ControlCall): Promise<Json> => {
      const now = desk();
      const service = now.state.services.find((one) => String(one.id) === id);
      if (service === undefined) throw refuse(`There is no service ${id}.`);
      await act(now, service, body);
      return facts(now, service);
    };
  const post = (path: string, description: string, act: Parameters<typeof onService>[0]): ControlRoute => ({
    method: 'POST',
    path: `services/:id/${path}`,
    description,
    run: onService(act),
  });
  return [
    {
      method: 'GET',
      path: 'services',
      description: 'every service',
      run: () => desk().state.services.map((service) => facts(desk(), service)),
    },
    { method: 'GET', path: 'services/:id', description: 'one service', run: onService(() => undefined) },
    post('configure', 'the wizard: {"csr": PEM, "approver": MAIL, "names": "a, b"}', wizard),
    post('reopen', 'the wizard: a reissue is begun', (now, service) => {
      const ssl = sslOf(service);
      if (ssl.state !== 'issued') throw refuse('Only an issued certificate can be reissued.');
      ssl.state = 'configuring';
      ssl.row = 'Awaiting Configuration';
      mirrored(now, service);
    }),
    post('setup', 'the operator runs the module for it', async (now, service) => {
      const said = await create(now, service);
      if (said !== 'success') throw refuse(said);
      now.state.queue = now.state.queue.filter(({ serviceId }) => serviceId !== service.id);
    }),
    post('step', 'the authority: the next station', (now, service) => {
      const ssl = sslOf(service);
      ssl.stations.shift();
      mirrored(now, service);
    }),
    post('issue', 'the next look finds it issued, where upstream is paid', (_now, service) => {
      sslOf(service).now = true;
    }),
    post('reject', 'the authority rejects it', (now, service) => {
      sslOf(service).state = 'rejected';
      mirrored(now, service);
    }),
    post('state', 'the state field says {"text": …}, whatever it means', (now, service, { text }) => {
      const field = productOf(now, service)?.fields.find(({ role }) => role === 'state');
      if (field === undefined || typeof text !== 'string') throw refuse('Send {"text": "…"}.');
      service.fields[String(field.id)] = text;
    }),
    post('field', 'a person writes {"field": 142, "text": …} into a custom field', (now, service, body) => {
      const known = productOf(now, service)?.fields.some(({ id }) => id === body.field);
      if (!known || typeof body.text !== 'string') throw refuse('Send {"field": …, "text": "…"}.');
      service.fields[String(body.field)] = body.text;
    }),
    post('cancel', 'what was asked for is granted, or the operator cancels it', (_now, service) => {
      service.status = 'Cancelled';
      if (service.cancelRequest) service.cancelRequest.granted = true;
    }),
    {
      method: 'GET',
      path: 'services/:id/certificate',
      description: 'certificate and chain, as a person downloads them',
      run: async ({ args: [id = ''] }) => {
        const now = desk();
        const service = now.state.services.find((one) => String(one.id) === id);
        if (service) await settleService(now, service);
        const pem = service?.ssl?.certificates.at(-1)?.pem;
        if (pem === undefined) throw refuse(`Service ${id} has no certificate.`);
        return { certificate: pem, chain: now.seat.ca.chain('public').toReversed().slice(0, -1).join('') };
      },
    },
    {
      method: 'GET',
      path: 'invoices',
      description: 'every invoice',
      run: () => desk().state.invoices.map((invoice) => ({ ...invoice })),
    },
    {
      method: 'POST',
      path: 'invoices',
      description: 'the shop bills something else: {"type": "Domain", "relid": 903, "amount": "14.00"}',
      run: async ({ body: { type, relid, amount } }) => {
        if (typeof type !== 'string' || typeof relid !== 'number') throw refuse('Send a type and a relid.');
        const billed = { serviceId: relid, description: type, amount: amountOf(amount), renews: 0, type };
        return { ...(await makeInvoice(desk(), billed)) };
      },
    },
    {
      method: 'POST',
      path: 'invoices/:id/pay',
      description: 'somebody pays it, otherwise than by credit',
      run: async ({ args: [id = ''] }) => {
        const now = desk();
        const invoice = invoiceWith(now, id);
        await settleInvoice(now, invoice);
        return { ...invoice };
      },
    },
    {
      method: 'POST',
      path: 'invoices/:id/status',
      description: 'the operator sets {"status": "Cancelled"}',
      run: ({ args: [id = ''], body: { status } }) => {
        const invoice = invoiceWith(desk(), id);
        invoice.status = status as Invoice['status'];
        return { ...invoice };
      },
    },
    {
      method: 'POST',
      path: 'account',
      description: 'sets {"credit": "12.00"} or {"upstreamCredit": "100.00"}',
      run: ({ body: { credit, upstreamCredit } }) => {
        const { state } = desk();
        if (credit === undefined && upstreamCredit === undefined) throw refuse('Send {"credit": "12.00"}.');
        if (credit !== undefined) state.credit = amountOf(credit);
        if (upstreamCredit !== undefined) state.upstreamCredit = amountOf(upstreamCredit);
        return { credit: state.credit, upstreamCredit: state.upstreamCredit };
      },
    },
    {
      method: 'POST',
      path: 'cron',
      description: 'the daily cron: due dates, renewal invoices, and their payment where the shop does that',
      run: async () => ({ invoices: await dailyCron(desk()) }),
    },
  ];
}

/** @throws CertError */
function sslOf(service: Service): SslOrder {
  if (service.ssl === null) throw refuse(`Service ${service.id} has no SSL order.`);
  return service.ssl;
}

function mirrored(now: Desk, service: Service): void {
  const product = productOf(now, service);
  if (product) mirror(now, product, service);
}

async function wizard(now: Desk, service: Service, { csr, approver, names }: JsonObject): Promise<void> {
  const product = productOf(now, service);
  const ssl = sslOf(service);
  if (product === undefined || typeof csr !== 'string') throw refuse('Send {"csr": PEM}.');
  if (ssl.row !== 'Awaiting Configuration') throw refuse(`Service ${service.id} is configured already.`);
  const said = await configure(now, product, service, ssl, {
    csr,
    approver: typeof approver === 'string' ? approver : '',
    names: splitNames(typeof names === 'string' ? names : ''),
    rejected: false,
  });
  if (said !== 'success') throw refuse(said);
  mirrored(now, service);
}

function invoiceWith({ state }: Desk, id: string): Invoice {
  const invoice = state.invoices.find((one) => String(one.id) === id);
  if (invoice === undefined) throw refuse(`There is no invoice ${id}.`);
  return invoice;
}

function amountOf(value: Json | undefined): string {
  if (typeof value === 'string' && /^\d{1,9}\.\d{2}$/.test(value)) return value;
  throw refuse('Send an amount such as "12.00".');
}

/** @returns the invoices it made */
async function dailyCron(now: Desk): Promise<readonly number[]> {
  const { settings, state, nowMs } = now;
  state.cronAtMs = nowMs;
  const made: number[] = [];
  for (const service of state.services) {
    const newest = service.ssl?.certificates.at(-1);
    if (settings.dueDates === 'certificate' && newest) service.nextDueMs = newest.notAfterMs;
    const due = service.nextDueMs - nowMs <= settings.invoiceDays * DAY_MS;
    const open = state.invoices.some(
      ({ serviceId, status, type }) => serviceId === service.id && status === 'Unpaid' && type === undefined,
    );
    if (service.status !== 'Active' || service.cycle === 'onetime' || !due || open) continue;
    const invoice = await makeInvoice(now, {
      serviceId: service.id,
      description: `${productOf(now, service)?.name ?? ''} - ${service.domain}`,
      amount: service.recurringAmount,
      renews: termMonths(service.cycle),
    });
    made.push(invoice.id);
    if (settings.autoPayRenewals) await applyByItself(now, invoice);
  }
  return made;
}

/** As a person wants to read it: no requests, no passwords. */
function facts(now: Desk, service: Service): JsonObject {
  const { ssl } = service;
  const product = productOf(now, service);
  return {
    id: service.id,
    pid: service.pid,
    order: service.orderId,
    domain: service.domain,
    status: service.status,
    cycle: service.cycle,
    termEnd: instant(service.termEndMs),
    nextDue: instant(service.nextDueMs),
    cancelRequest: service.cancelRequest?.type ?? null,
    invoices: now.state.invoices
      .filter(({ serviceId, type }) => serviceId === service.id && type === undefined)
      .map(({ id, status, renews }) => ({ id, status, renews })),
    ssl:
      ssl === null || product === undefined
        ? null
        : {
            remoteId: ssl.remoteId,
            row: ssl.row,
            state: ssl.state,
            text: stateText(now, product, ssl),
            stations: ssl.stations,
            owed: ssl.owed,
            names: ssl.names,
            approver: ssl.approver,
            certificates: ssl.certificates.map(({ serial, notAfterMs }) => ({
              serial,
              notAfter: instant(notAfterMs),
            })),
          },
  };
}
