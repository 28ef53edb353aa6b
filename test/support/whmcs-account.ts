import type { ProviderConfig } from '../../src/model/configuration.js';
import type { JsonObject } from '../../src/model/json.js';
import { whmcs } from '../../src/providers/whmcs/index.js';
import type { Sandbox } from '../../src/sandbox/index.js';
import { openSandboxAccount, type SandboxAccount, type SandboxAccountOptions } from './sandbox-account.js';

export type { SandboxAccount, SandboxAccountOptions };

const WHMCS_LOGIN = { identifier: 'api-identifier', secret: 'S3cret+ secret' } as const;

const numbered = (first: number): JsonObject => ({
  reference: first,
  csr: first + 1,
  approver: first + 2,
  names: first + 3,
  state: first + 4,
  certificate: first + 5,
  chain: first + 6,
});

/** Words of the module that no reference knows. */
const STATES = { REJECTED: 'rejected', Revoked: 'revoked' };

/** Products of the sandbox's shop, as an operator maps them. */
export const PRODUCTS = {
  dv: {
    pid: 12,
    completion: 'fields',
    fields: numbered(31),
    states: STATES,
    functions: { reissue: 'adminstartreissue', revoke: 'revoke' },
  },
  'dv-multi': {
    pid: 13,
    names: 5,
    completion: 'fields',
    fields: numbered(51),
    namesOption: { id: 7, included: 1 },
    states: STATES,
    functions: { reissue: 'adminstartreissue', revoke: 'revoke' },
  },
  'by-hand': { pid: 14, completion: 'manual', fields: { reference: 71 } },
  wholesale: {
    pid: 18,
    completion: 'upstream',
    upstreamProduct: 'standard-ssl',
    fields: { reference: 141, upstream: 142 },
  },
  'rvssl-dv': {
    pid: 15,
    completion: 'fields',
    fields: numbered(81),
    functions: { reissue: 'adminstartreissue' },
  },
  'rvssl-ov': {
    pid: 16,
    validation: 'ov',
    completion: 'fields',
    fields: numbered(101),
    contactFields: { 'organization.name': 103 },
    functions: { reissue: 'adminstartreissue' },
  },
} as const satisfies Readonly<Record<string, JsonObject>>;

const optionsFor = (
  products: Readonly<Record<string, JsonObject>>,
  more: JsonObject = {},
): ProviderConfig['options'] => ({ clientId: 77, paymentMethod: 'banktransfer', products, ...more });

export const whmcsAccount = (
  products: Readonly<Record<string, JsonObject>>,
  { config, ...options }: SandboxAccountOptions = {},
  more: JsonObject = {},
): Promise<SandboxAccount> =>
  openSandboxAccount(
    {
      definition: whmcs,
      login: WHMCS_LOGIN,
      secret: 'secret',
      config: { options: optionsFor(products, more) },
    },
    { ...options, ...(config === undefined ? {} : { config }) },
  );

export interface ServiceFacts {
  readonly id: number;
  readonly status: string;
  readonly cancelRequest: string | null;
  readonly invoices: readonly { readonly id: number; readonly status: string }[];
  readonly ssl: {
    readonly state: string;
    readonly text: string;
    readonly names: readonly string[];
    readonly certificates: readonly { readonly serial: string }[];
  } | null;
}

export const servicesOf = async (sandbox: Sandbox): Promise<readonly ServiceFacts[]> =>
  (await sandbox.control('GET', 'services')) as unknown as readonly ServiceFacts[];

/** Every request that waits gets its certificate when next looked at; cancellations that were asked for are granted. */
export async function issueServices(sandbox: Sandbox): Promise<void> {
  for (const { id, status, cancelRequest, ssl } of await servicesOf(sandbox)) {
    if (cancelRequest !== null && status !== 'Cancelled') {
      await sandbox.control('POST', `services/${id}/cancel`);
    } else if (ssl?.state === 'processing') await sandbox.control('POST', `services/${id}/issue`);
  }
}
