import type { Json, JsonObject } from '../../model/json.js';
import type { SandboxDefinition, Seat, Shop, WireCall, WireReply } from '../frame/definition.js';
import { ISSUANCE_FAULTS } from '../frame/misissued.js';
import {
  ARGUMENTS,
  type Arguments,
  type ArgumentTable,
  checkNames,
  checkValues,
  LICENCE_ORDER,
  type Operation,
  type Received,
  receive,
} from './arguments.js';
import { balance } from './balance.js';
import { Refusal } from './codes.js';
import { collect } from './collect.js';
import { controls } from './control.js';
import { domainDetails, emailList, removeDomain, resendEmail, updateDcv } from './dcv-calls.js';
import { type Answer, encode, type Fields, type Format } from './encode.js';
import { placeOrder } from './orders.js';
import { replace } from './replace.js';
import { report } from './report.js';
import { refund, reject, revoke, revokeCertificate } from './revoke.js';
import { SETTINGS, type SectigoSettings } from './settings.js';
import { cancelLicence } from './sitelock-cancel.js';
import { isLicenceOrder, placeLicence, renewThemselves } from './sitelock-orders.js';
import { type Desk, emptyState, type SectigoState } from './state.js';
import { configurationOf, hintsOf } from './welcome.js';

interface Endpoint {
  /** `chosen`: by responseFormat, newline unless it is 1. */
  readonly format: Format | 'chosen';
  run(desk: Desk, args: Arguments, call: WireCall): Answer | Promise<Answer>;
}

const ENDPOINTS: Readonly<Record<Operation, Endpoint>> = {
  AutoApplyOrder: {
    format: 'chosen',
    run: (desk, args) =>
      isLicenceOrder(args.product) ? placeLicence(desk, args) : placeOrder(desk, args, 'AutoApplyOrder'),
  },
  AutoApplySSL: { format: 'chosen', run: (desk, args) => placeOrder(desk, args, 'AutoApplySSL') },
  CollectSSL: { format: 'chosen', run: (desk, args, { parallel }) => collect(desk, args, parallel) },
  AutoReplaceSSL: { format: 'chosen', run: replace },
  AutoRevokeSSL: { format: 'chosen', run: revoke },
  autoRevokeCertificate: { format: 'chosen', run: revokeCertificate },
  AutoReject: { format: 'newline', run: reject },
  AutoRefund: { format: 'newline', run: refund },
  modifyThirdPartyDetails: { format: 'url-encoded', run: cancelLicence },
  AutoUpdateDCV: { format: 'url-encoded', run: updateDcv },
  ResendDCVEmail: { format: 'url-encoded', run: resendEmail },
  GetDCVEmailAddressList: { format: 'newline', run: emailList },
  GetMDCDomainDetails: { format: 'url-encoded', run: domainDetails },
  AutoRemoveMDCDomain: { format: 'url-encoded', run: removeDomain },
  WebHostReport: { format: 'url-encoded', run: report },
  getAccountBalance: { format: 'chosen', run: balance },
};
const OPERATIONS = Object.keys(ENDPOINTS) as readonly Operation[];

const pathsOf = (operation: Operation): readonly string[] =>
  operation === 'CollectSSL'
    ? ['/products/download/CollectSSL']
    : [`/products/!${operation}`, `/products/${operation}`];

/** CollectSSL lies elsewhere, and without the `!`. Names are compared without regard to case. */
const PATHS: ReadonlyMap<string, Operation> = new Map(
  OPERATIONS.flatMap((operation) =>
    pathsOf(operation).map((path) => [path.toLowerCase(), operation] as const),
  ),
);

const MONEY: readonly Operation[] = ['AutoApplyOrder', 'AutoApplySSL'];

const SECRETS: ReadonlySet<string> = new Set(['loginpassword', 'appreploginpassword']);

/** A password is a parameter like any other, and its name may be written in any way. */
const withoutPassword = (form: string): string =>
  form
    .split('&')
    .map((pair) => {
      const [key = ''] = pair.split('=');
      const [[name = ''] = []] = new URLSearchParams(key.slice(key.indexOf('?') + 1));
      return SECRETS.has(name.toLowerCase()) ? `${key}=***` : pair;
    })
    .join('&');

/** Sectigo's reseller API for SSL and SiteLock, form posts and one-line replies. */
export const sectigo: SandboxDefinition = {
  type: 'sectigo',
  title: 'Sectigo',
  settings: SETTINGS,
  credentials: { loginName: 'SECTIGO_LOGIN', loginPassword: 'SECTIGO_PASSWORD' },
  purchases: MONEY,
  operations: OPERATIONS,
  operation: (path) => PATHS.get(path.toLowerCase()),
  masked: withoutPassword,
  faults: {
    answer: {
      description: 'this code, and nothing happens',
      operations: MONEY,
      value: { form: /^-\d{1,4}$/, example: '-42' },
    },
    'out-of-credit': { description: 'the order is refused with -15', operations: MONEY },
    reject: {
      description: 'the order is taken and charged, then rejected; @AutoReplaceSSL: the reissue alone',
      operations: MONEY,
    },
    duplicate: { description: 'the seller books the order twice', operations: MONEY },
    'rate-limit': { description: 'any call is answered with -42', operations: OPERATIONS },
    'empty-report': {
      description: 'a wrong login gets an empty list instead of -16',
      operations: ['WebHostReport'],
    },
    ...ISSUANCE_FAULTS,
  },
  configuration: (settings) => configurationOf(read(settings)),
  hints: (settings) => hintsOf(read(settings)),
  open: openShop,
};

/** Checked against their schemas by the frame. */
const read = (settings: JsonObject): SectigoSettings => settings as unknown as SectigoSettings;

function openShop(seat: Seat): Shop {
  const settings = (): SectigoSettings => read(seat.settings());
  let state: SectigoState = emptyState(settings().openingBalance);
  const desk = (): Desk => ({ seat, state, settings: settings(), nowMs: seat.now() });
  return {
    serve: (operation, call) => serve(desk(), operation as Operation, call),
    control: controls(desk),
    summary: () => ({
      balance: state.balance,
      orders: state.orders.length,
      parallelCollects: state.parallelCollects,
    }),
    dump: () => structuredClone(state) as unknown as Json,
    restore: (saved) => {
      // Written before there were licences, it has none.
      const { siteLock } = emptyState('0.00');
      const old = structuredClone(saved) as unknown as Omit<SectigoState, 'siteLock'>;
      state = { siteLock, ...old };
    },
  };
}

/** Every outcome is HTTP 200; the order of the checks is that of the reference. */
async function serve(desk: Desk, operation: Operation, call: WireCall): Promise<WireReply> {
  const endpoint = ENDPOINTS[operation];
  const { table, received } = receivedBy(operation, call);
  renewThemselves(desk);
  const format = formatOf(desk, operation, received.values);
  try {
    if (call.method !== 'POST') throw new Refusal(-17);
    checkFaults(desk, operation);
    checkNames(table, received);
    if (!isLogin(desk, received.values)) {
      if (desk.seat.fault('empty-report', operation) === undefined) throw new Refusal(-16);
      return encode(
        {
          fields: [
            [desk.settings.reportErrorKey, 0],
            ['noOfResults', 0],
          ],
        },
        format,
      );
    }
    checkValues(table, received);
    return encode(await endpoint.run(desk, received.values, call), format);
  } catch (error) {
    if (error instanceof Refusal) return encode({ fields: refused(desk, operation, error) }, format);
    throw error;
  }
}

/** One call, two sets of arguments: what is ordered decides. */
function receivedBy(
  operation: Operation,
  call: WireCall,
): { readonly table: ArgumentTable; readonly received: Received } {
  const table: ArgumentTable = ARGUMENTS[operation];
  const received = receive(table, call);
  if (operation !== 'AutoApplyOrder' || !isLicenceOrder(received.values.product)) return { table, received };
  return { table: LICENCE_ORDER, received: receive(LICENCE_ORDER, call) };
}

function formatOf({ settings }: Desk, operation: Operation, { responseFormat }: Arguments): Format {
  const { format } = ENDPOINTS[operation];
  if (format === 'chosen') return responseFormat === '1' ? 'url-encoded' : 'newline';
  return operation === 'AutoRefund' ? settings.refundReply : format;
}

/** In a report the key of the text is not known, so there is none. */
function refused({ settings }: Desk, operation: Operation, { code, message }: Refusal): Fields {
  if (operation === 'WebHostReport') return [[settings.reportErrorKey, code]];
  return [
    ['errorCode', code],
    ['errorMessage', message],
  ];
}

function checkFaults({ seat }: Desk, operation: Operation): void {
  if (seat.fault('rate-limit', operation) !== undefined) throw new Refusal(-42);
  const answer = seat.fault('answer', operation);
  if (answer !== undefined) throw new Refusal(Number(answer.value));
}

/** Upper and lower case differ; a locked account knows nobody. */
const isLogin = ({ seat, settings }: Desk, args: Arguments): boolean =>
  !settings.accountLocked && Object.entries(seat.login).every(([name, value]) => args[name] === value);
