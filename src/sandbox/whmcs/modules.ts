import { takeRequest } from './enrol.js';
import { mirror } from './mirror.js';
import { CYCLE_MONTHS, type Product } from './products.js';
import type { Desk, Service, SslOrder } from './state.js';
import { addMonths } from './time.js';
import { buy, followed, renew } from './wholesale.js';

/** What a function of a module gives: the word `success`, or a sentence that says what went wrong. */
export type Said = 'success' | (string & {});

export const productOf = ({ settings }: Pick<Desk, 'settings'>, service: Service): Product | undefined =>
  settings.products[String(service.pid)];

const fieldOf = (product: Product, service: Service, role: string): string => {
  const field = product.fields.find((one) => one.role === role);
  return field === undefined ? '' : (service.fields[String(field.id)] ?? '');
};

/** A placeholder; only modules that read fields take a request from there at once. */
export async function create(desk: Desk, service: Service): Promise<Said> {
  const product = productOf(desk, service);
  if (product === undefined) return 'Service not assigned to a module';
  const failure =
    desk.seat.fault('module-error', 'AcceptOrder') ?? desk.seat.fault('module-error', 'ModuleCreate');
  if (failure !== undefined) return failure.value ?? 'Module error';
  if (service.ssl !== null) return 'An SSL Order already exists for this order';
  desk.state.lastRemote += 1;
  const bought =
    product.module === 'wholesale'
      ? await buy(desk, product, service)
      : { id: String(desk.state.lastRemote) };
  if ('said' in bought) return bought.said;
  service.ssl = emptyOrder(bought.id, product.module === 'rvssl');
  service.status = 'Active';
  if (readsFields(product) && fieldOf(product, service, 'csr') !== '') {
    const said = await takeRequest(desk, product, service, service.ssl);
    if (said !== 'success') {
      service.ssl = null;
      service.status = 'Pending';
      return said;
    }
  }
  mirror(desk, product, service);
  return 'success';
}

const readsFields = ({ module }: Product): boolean => module !== 'wizard' && module !== 'wholesale';

const emptyOrder = (remoteId: string, owed: boolean): SslOrder => ({
  remoteId,
  row: 'Awaiting Configuration',
  csr: '',
  spkiBase64: '',
  keyHash: '',
  names: [],
  approver: '',
  stations: [],
  owed,
  state: 'configuring',
  now: false,
  certificates: [],
});

/** Products set up at the payment: the order stays Pending all the same. A failure goes to the module queue. */
export async function activateOnPayment(desk: Desk, service: Service): Promise<void> {
  if (productOf(desk, service)?.autosetup !== 'payment' || service.status !== 'Pending') return;
  const said = await create(desk, service);
  if (said !== 'success') enqueue(desk, service, 'CreateAccount', said);
}

function enqueue(desk: Desk, service: Service, action: string, error: string): void {
  desk.state.queue.push({
    id: desk.state.queue.length + 1,
    serviceId: service.id,
    action,
    error,
    atMs: desk.nowMs,
  });
}

/** The next term is paid: the due date moves, and the module renews. */
export async function renewService(desk: Desk, service: Service, months: number): Promise<void> {
  service.termEndMs = addMonths(service.termEndMs, months);
  service.nextDueMs = service.termEndMs;
  const product = productOf(desk, service);
  const { ssl } = service;
  if (product === undefined || ssl === null) return;
  const before = ssl.csr;
  const written = fieldOf(product, service, 'csr');
  ssl.row = 'Awaiting Configuration';
  ssl.state = 'configuring';
  ssl.csr = '';
  ssl.owed = product.module === 'rvssl';
  const again = desk.settings.renewal === 'same' && before !== '';
  if (product.module === 'wholesale') {
    const bought = await renew(desk, product, service, ssl.remoteId);
    if ('said' in bought) enqueue(desk, service, 'Renew', bought.said);
    else ssl.remoteId = bought.id;
  }
  if (readsFields(product) && written !== '' && (again || written !== before)) {
    await takeRequest(desk, product, service, ssl);
  }
  mirror(desk, product, service);
}

type Act = (desk: Desk, product: Product, service: Service, ssl: SslOrder) => Promise<Said> | Said;

const submit: Act = (desk, product, service, ssl) =>
  ssl.state === 'configuring'
    ? takeRequest(desk, product, service, ssl)
    : 'The order has been configured already';

const reissue: Act = async (desk, product, service, ssl) => {
  if (ssl.state !== 'issued') return 'Only an issued certificate can be reissued';
  if (product.module === 'wizard') {
    ssl.row = 'Awaiting Configuration';
    ssl.state = 'configuring';
    return 'success';
  }
  return takeRequest(desk, product, service, ssl);
};

const cancel: Act = (_desk, _product, service, ssl) => {
  ssl.state = 'cancelled';
  ssl.row = 'Cancelled';
  service.status = 'Cancelled';
  return 'success';
};

const revoke: Act = (_desk, _product, _service, ssl) => {
  if (ssl.state !== 'issued') return 'There is no certificate to revoke';
  ssl.state = 'revoked';
  return 'success';
};

/** A reissue that was made at the wholesaler itself is followed. */
const sync: Act = async (desk, product, _service, ssl) => {
  if (product.module === 'wholesale') ssl.remoteId = await followed(desk, ssl.remoteId);
  return 'success';
};
const resend: Act = (_desk, _product, _service, ssl) =>
  ssl.state === 'processing' ? 'success' : 'There is no mail to send again';

const FUNCTIONS: Readonly<Record<string, Act>> = {
  sync,
  resend,
  submit,
  adminstartreissue: reissue,
  cancel,
  revoke,
};

export async function callFunction(desk: Desk, service: Service, name: string): Promise<Said> {
  const product = productOf(desk, service);
  if (product === undefined || service.ssl === null) return 'The service has no SSL order';
  const act = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
  if (act === undefined) return 'Function Not Found';
  const said = await act(desk, product, service, service.ssl);
  mirror(desk, product, service);
  return said;
}

/** A CSR that was written later, where the module has a hook for it. */
export async function noticeFields(desk: Desk, service: Service): Promise<void> {
  const product = productOf(desk, service);
  const { ssl } = service;
  if (!desk.settings.hook || product === undefined || !readsFields(product) || ssl === null) return;
  const written = fieldOf(product, service, 'csr');
  if (ssl.state === 'configuring' && written !== '' && written !== ssl.csr) {
    await takeRequest(desk, product, service, ssl);
    mirror(desk, product, service);
  }
}

export const termMonths = (cycle: string): number => CYCLE_MONTHS[cycle] ?? 12;
