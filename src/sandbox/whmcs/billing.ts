import Big from 'big.js';
import type { JsonObject } from '../../model/json.js';
import { activateOnPayment, renewService } from './modules.js';
import { collection, localDate, localTime, number, page, Refusal, words } from './reply.js';
import { type Form, idIn, limitsIn, textIn } from './request.js';
import type { Desk, Invoice } from './state.js';

/** @throws Refusal */
export function checkClient({ settings }: Desk, id: number | undefined): void {
  if (id !== settings.clientId) throw new Refusal('Client ID Not Found');
}

export function clientDetails(desk: Desk, form: Form): JsonObject {
  const { settings, state } = desk;
  if (textIn(form, 'clientid') === undefined && textIn(form, 'email') === undefined) {
    throw new Refusal('Either clientid Or email Is Required');
  }
  if (idIn(form, 'clientid') !== settings.clientId) throw new Refusal('Client Not Found');
  return {
    // Older versions told everything at the top.
    userid: number(desk, settings.clientId),
    credit: state.credit,
    client: {
      id: number(desk, settings.clientId),
      firstname: words(desk, 'Ann & Co.'),
      status: 'Active',
      credit: state.credit,
      currency: '1',
      currency_code: settings.currency,
    },
  };
}

export function credits(desk: Desk, form: Form): JsonObject {
  checkClient(desk, idIn(form, 'clientid'));
  const rows = desk.state.creditLog.map(({ atMs, amount, invoiceId }, i) => ({
    id: number(desk, i + 1),
    date: localDate(desk, atMs),
    description: `Credit Applied to Invoice #${invoiceId}`,
    amount: `-${amount}`,
    relid: number(desk, invoiceId),
  }));
  const counts = { totalresults: number(desk, rows.length), clientid: String(desk.settings.clientId) };
  if (!desk.settings.flatKeys) return { ...counts, ...collection(desk, 'credits', 'credit', rows) };
  const flat = rows.flatMap((row, i) =>
    Object.entries(row).map(([key, value]) => [`credits[credit][${i}][${key}]`, value]),
  );
  return { ...counts, ...Object.fromEntries(flat) };
}

const isPaid = ({ status }: Invoice): boolean => status === 'Paid';
const sum = (invoice: Invoice): Big => new Big(invoice.subtotal).plus(invoice.tax);
/** Here the total is net of credit, and the balance as well: neither is documented. */
const balanceOf = (invoice: Invoice): Big =>
  isPaid(invoice) ? new Big(0) : sum(invoice).minus(invoice.credit);

/** @throws Refusal */
function invoiceIn(desk: Desk, form: Form): Invoice {
  const id = idIn(form, 'invoiceid');
  const found = desk.state.invoices.find((invoice) => invoice.id === id);
  if (found === undefined) throw new Refusal('Invoice ID Not Found');
  return found;
}

export function invoiceDetails(desk: Desk, form: Form): JsonObject {
  const invoice = invoiceIn(desk, form);
  const items = [
    {
      id: number(desk, invoice.id * 10),
      type: invoice.type ?? 'Hosting',
      relid: number(desk, invoice.serviceId),
      description: words(desk, invoice.description),
      amount: invoice.subtotal,
      taxed: invoice.tax === '0.00' ? '0' : '1',
    },
  ];
  return {
    invoiceid: String(invoice.id),
    invoicenum: '',
    userid: String(desk.settings.clientId),
    date: localDate(desk, invoice.createdAtMs),
    duedate: localDate(desk, invoice.createdAtMs),
    datepaid: localTime(desk, invoice.paidAtMs),
    subtotal: invoice.subtotal,
    credit: invoice.credit,
    tax: invoice.tax,
    tax2: '0.00',
    total: sum(invoice).minus(invoice.credit).toFixed(2),
    balance: balanceOf(invoice).toFixed(2),
    status: invoice.status,
    paymentmethod: 'banktransfer',
    notes: '',
    ...collection(desk, 'items', 'item', items),
    transactions: '',
  };
}

export function invoices(desk: Desk, form: Form): JsonObject {
  checkClient(desk, idIn(form, 'userid'));
  const status = textIn(form, 'status')?.toLowerCase();
  const wanted = desk.state.invoices.filter(
    (invoice) => status === undefined || invoice.status.toLowerCase() === status,
  );
  const ordered = desk.settings.listOrder === 'newest' ? wanted.toReversed() : wanted;
  const { rows, counts } = page(desk, ordered, limitsIn(form));
  return {
    ...counts,
    ...collection(
      desk,
      'invoices',
      'invoice',
      rows.map((invoice) => ({
        id: number(desk, invoice.id),
        userid: number(desk, desk.settings.clientId),
        date: localDate(desk, invoice.createdAtMs),
        duedate: localDate(desk, invoice.createdAtMs),
        datepaid: localTime(desk, invoice.paidAtMs),
        subtotal: invoice.subtotal,
        credit: invoice.credit,
        tax: invoice.tax,
        total: sum(invoice).minus(invoice.credit).toFixed(2),
        status: invoice.status,
      })),
    ),
  };
}

export interface Billed {
  readonly serviceId: number;
  readonly description: string;
  readonly amount: string;
  readonly renews: number;
  /** Absent: a service. */
  readonly type?: string;
}

/** A new invoice; in some shops it takes credit at once. */
export async function makeInvoice(desk: Desk, billed: Billed): Promise<Invoice> {
  const { settings, state } = desk;
  state.lastInvoice += 1;
  const invoice: Invoice = {
    id: state.lastInvoice,
    createdAtMs: desk.nowMs,
    status: 'Unpaid',
    serviceId: billed.serviceId,
    description: billed.description,
    subtotal: billed.amount,
    tax: new Big(billed.amount).times(settings.taxPercent).div(100).toFixed(2),
    credit: '0.00',
    paidAtMs: null,
    renews: billed.renews,
    ...(billed.type === undefined ? {} : { type: billed.type }),
  };
  state.invoices.push(invoice);
  return invoice;
}

/** Takes what there is, up to the balance; pays the invoice where that is all of it. */
async function takeCredit(desk: Desk, invoice: Invoice, wanted: Big): Promise<void> {
  const { state } = desk;
  state.credit = new Big(state.credit).minus(wanted).toFixed(2);
  state.creditLog.push({ atMs: desk.nowMs, amount: wanted.toFixed(2), invoiceId: invoice.id });
  invoice.credit = new Big(invoice.credit).plus(wanted).toFixed(2);
  if (balanceOf(invoice).lte(0)) await settleInvoice(desk, invoice);
}

/** Paid, by whatever: services that wait for it go on. */
export async function settleInvoice(desk: Desk, invoice: Invoice): Promise<void> {
  invoice.status = 'Paid';
  invoice.paidAtMs = desk.nowMs;
  const service = desk.state.services.find(({ id }) => id === invoice.serviceId);
  if (service === undefined || invoice.type !== undefined) return;
  if (invoice.renews > 0) await renewService(desk, service, invoice.renews);
  else await activateOnPayment(desk, service);
}

/** Shops may be set to do this by themselves, as far as the credit goes. */
export async function applyByItself(desk: Desk, invoice: Invoice): Promise<void> {
  const credit = new Big(desk.state.credit);
  const balance = balanceOf(invoice);
  const wanted = credit.lt(balance) ? credit : balance;
  if (wanted.gt(0)) await takeCredit(desk, invoice, wanted);
}

export async function applyCredit(desk: Desk, form: Form): Promise<JsonObject> {
  const invoice = invoiceIn(desk, form);
  if (invoice.status !== 'Unpaid') throw new Refusal('Invoice Not in Unpaid Status');
  const text = textIn(form, 'amount') ?? '';
  // What no amount means is not documented; neither is what is said of one that cannot be read.
  if (!/^\d{1,9}(\.\d{1,2})?$/.test(text)) throw new Refusal('The amount cannot be read');
  const amount = new Big(text);
  if (amount.lte(0)) throw new Refusal('Credit Amount to apply must be greater than zero');
  if (amount.gt(desk.state.credit)) throw new Refusal('Amount exceeds customer credit balance');
  if (amount.gt(balanceOf(invoice))) throw new Refusal('Amount Exceeds Invoice Balance');
  await takeCredit(desk, invoice, amount);
  return {
    invoiceid: String(invoice.id),
    amount: amount.toFixed(2),
    invoicepaid: isPaid(invoice) ? 'true' : 'false',
  };
}
