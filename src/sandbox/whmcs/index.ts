import type { Json, JsonObject } from '../../model/json.js';
import type { SandboxDefinition, Seat, Shop, WireCall, WireReply } from '../frame/definition.js';
import { ISSUANCE_FAULTS } from '../frame/misissued.js';
import { checkAccess } from './access.js';
import { ACTIONS, type Action, actionIn } from './actions.js';
import { controls } from './control.js';
import { settle } from './progress.js';
import { jsonReply, Refusal } from './reply.js';
import { parseForm, textIn } from './request.js';
import { SETTINGS, type WhmcsSettings } from './settings.js';
import { type Desk, emptyState, type WhmcsState } from './state.js';

const OPERATIONS = Object.keys(ACTIONS) as readonly Action[];
/** Calls that change something: where a fault happens if nothing else is said. */
const WRITING = OPERATIONS.filter((action) => ACTIONS[action].writes);
const CREATING: readonly Action[] = ['AcceptOrder', 'ModuleCreate'];

/** Secret, key and passwords of a form, wherever it was sent. */
const withoutSecrets = (text: string): string =>
  text.replaceAll(/((?:^|[?&])(?:secret|password|accesskey)=)[^&]*/gi, '$1***');

/** External API of a WHMCS shop: one address, forms in PHP's notation, three SSL modules behind it. */
export const whmcs: SandboxDefinition = {
  type: 'whmcs',
  title: 'WHMCS',
  settings: SETTINGS,
  credentials: { identifier: 'WHMCS_IDENTIFIER', secret: 'WHMCS_SECRET' },
  purchases: WRITING,
  operations: OPERATIONS,
  operation: (path, { body }) =>
    /(^|\/)includes\/api\.php$/.test(path) ? actionIn(parseForm(body)) : undefined,
  masked: withoutSecrets,
  faults: {
    duplicate: { description: 'the shop books the order twice', operations: ['AddOrder'] },
    'module-error': {
      description: 'the module fails with this sentence',
      operations: CREATING,
      value: { form: /^.{1,200}$/, example: 'Upstream refused' },
    },
    reject: { description: 'the request is taken, then rejected by the authority', operations: CREATING },
    firewall: {
      description: 'a firewall in front of the shop answers 403 with a page',
      operations: OPERATIONS,
    },
    ...ISSUANCE_FAULTS,
  },
  configuration: (settings) => [
    `clientId: ${read(settings).clientId}`,
    'paymentMethod: banktransfer',
    'products:',
    '  dv: { pid: 12, title: Standard DV SSL, validation: dv, completion: fields, fields: { reference: 31, csr: 32, approver: 33, names: 34, state: 35, certificate: 36, chain: 37 }, functions: { reissue: adminstartreissue } }',
  ],
  hints: (settings) =>
    read(settings).autoApprove
      ? ['Approvers click at once (autoApprove).']
      : [
          'Nobody clicks: POST services/ID/step takes an order to its next station, services/ID/issue to its end.',
          'POST account {"credit": "…"} sets the credit of the client, {"upstreamCredit": "…"} that of the reseller.',
        ],
  open: openShop,
};

/** Checked against their schemas by the frame. */
const read = (settings: JsonObject): WhmcsSettings => settings as unknown as WhmcsSettings;

function openShop(seat: Seat): Shop {
  const settings = (): WhmcsSettings => read(seat.settings());
  let state: WhmcsState = emptyState(settings());
  const desk = (): Desk => ({ seat, state, settings: settings(), nowMs: seat.now() });
  return {
    serve: (operation, call) => serve(desk(), operation as Action, call),
    control: controls(desk),
    summary: () => ({
      credit: state.credit,
      upstreamCredit: state.upstreamCredit,
      services: state.services.length,
    }),
    dump: () => structuredClone(state) as unknown as Json,
    restore: (saved) => {
      state = structuredClone(saved) as unknown as WhmcsState;
    },
  };
}

async function serve(desk: Desk, action: Action, call: WireCall): Promise<WireReply> {
  const page = (status: number, text: string): WireReply => ({ status, type: 'text/html', body: text });
  if (desk.seat.fault('firewall', action) !== undefined) {
    return page(403, '<html><head><title>403 Forbidden</title></head><body>Forbidden</body></html>');
  }
  if (call.method !== 'POST') return page(405, 'Method Not Allowed');
  const form = parseForm(call.body);
  try {
    if (textIn(form, 'responsetype') !== 'json') throw new Refusal('Only responsetype=json is answered here');
    checkAccess(desk, form, action);
    const { parameters, run } = ACTIONS[action];
    const unknown = [...form.keys()].find((key) => !COMMON.has(key) && !parameters.includes(key));
    if (unknown !== undefined) throw new Refusal(`"${unknown}" is no parameter of ${action}`);
    await settle(desk);
    const data = await run(desk, form);
    await settle(desk);
    return jsonReply({ result: 'success', ...data });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return jsonReply({ result: 'error', message: error.message }, error.status);
  }
}

const COMMON: ReadonlySet<string> = new Set([
  'action',
  'responsetype',
  'identifier',
  'secret',
  'username',
  'password',
  'accesskey',
]);
