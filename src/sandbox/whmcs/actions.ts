import type { JsonObject } from '../../model/json.js';
import { applyCredit, clientDetails, credits, invoiceDetails, invoices } from './billing.js';
import { paymentMethods, products } from './catalogue.js';
import { acceptOrder, addOrder, cancelOrder, orders } from './orders.js';
import { localTime } from './reply.js';
import { type Form, textIn } from './request.js';
import {
  clientsProducts,
  moduleCreate,
  moduleCustom,
  moduleQueue,
  requestCancel,
  updateService,
} from './services.js';
import type { Desk } from './state.js';

interface Endpoint {
  readonly writes?: true;
  /** Beside those that every call has. */
  readonly parameters: readonly string[];
  run(desk: Desk, form: Form): JsonObject | Promise<JsonObject>;
}

const PAGE = ['limitstart', 'limitnum'] as const;

const TABLE = {
  GetProducts: { parameters: ['pid', 'gid', 'module'], run: products },
  GetPaymentMethods: { parameters: [], run: paymentMethods },
  GetClientsDetails: { parameters: ['clientid', 'email', 'stats'], run: clientDetails },
  GetCredits: { parameters: ['clientid'], run: credits },
  GetClientsProducts: {
    parameters: ['clientid', 'serviceid', 'pid', 'domain', 'username2', ...PAGE],
    run: clientsProducts,
  },
  GetOrders: { parameters: ['id', 'userid', 'requestor_id', 'status', ...PAGE], run: orders },
  GetInvoice: { parameters: ['invoiceid'], run: invoiceDetails },
  GetInvoices: { parameters: ['userid', 'status', 'orderby', 'order', ...PAGE], run: invoices },
  GetModuleQueue: {
    parameters: ['relatedId', 'serviceType', 'moduleName', 'moduleAction', 'since'],
    run: moduleQueue,
  },
  GetAutomationLog: {
    parameters: [],
    run: (desk) => ({ lastDailyCronInvocationTime: localTime(desk, desk.state.cronAtMs) }),
  },
  AddOrder: {
    writes: true,
    parameters: [
      'clientid',
      'paymentmethod',
      'pid',
      'qty',
      'domain',
      'billingcycle',
      'customfields',
      'configoptions',
      'noinvoice',
      'noinvoiceemail',
      'noemail',
      'servicerenewals',
    ],
    run: addOrder,
  },
  ApplyCredit: { writes: true, parameters: ['invoiceid', 'amount', 'noemail'], run: applyCredit },
  AcceptOrder: { writes: true, parameters: ['orderid', 'autosetup', 'sendemail'], run: acceptOrder },
  CancelOrder: { writes: true, parameters: ['orderid', 'cancelsub', 'noemail'], run: cancelOrder },
  ModuleCreate: { writes: true, parameters: ['serviceid', 'accountid'], run: moduleCreate },
  ModuleCustom: { writes: true, parameters: ['serviceid', 'accountid', 'func_name'], run: moduleCustom },
  UpdateClientProduct: {
    writes: true,
    parameters: ['serviceid', 'nextduedate', 'notes', 'status', 'customfields'],
    run: updateService,
  },
  AddCancelRequest: { writes: true, parameters: ['serviceid', 'type', 'reason'], run: requestCancel },
} as const satisfies Readonly<Record<string, Endpoint>>;

export type Action = keyof typeof TABLE;
export const ACTIONS: Readonly<Record<Action, Endpoint>> = TABLE;

const BY_NAME: ReadonlyMap<string, Action> = new Map(
  (Object.keys(ACTIONS) as readonly Action[]).map((action) => [action.toLowerCase(), action]),
);

/** The letters' case does not matter; undefined for an action that is not served. */
export const actionIn = (form: Form): Action | undefined =>
  BY_NAME.get((textIn(form, 'action') ?? '').toLowerCase());
