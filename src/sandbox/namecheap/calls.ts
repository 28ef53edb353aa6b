import {
  activate,
  approverEmails,
  editDcv,
  parseCsr,
  reissue,
  resendApproverEmail,
  revoke,
} from './activate.js';
import { create, entryIn, purchaseMoreSans, renew } from './buy.js';
import { balances, getInfo, getList, pricing } from './look.js';
import { invalidStatus } from './reply.js';
import type { Fields } from './request.js';
import type { Desk } from './state.js';
import { element, type Markup } from './xml.js';

type Results = Markup | readonly Markup[];

/** One call: its command as the vendor writes it, and every parameter that it has. */
export interface Endpoint {
  readonly command: string;
  readonly parameters: readonly string[];
  run(desk: Desk, fields: Fields): Results | Promise<Results>;
}

const REQUEST = [
  'CertificateID CSR AdminEmailAddress WebServerType UniqueValue ApproverEmail HTTPDCValidation DNSDCValidation DNSNames',
  'DNSApproverEmails AdminOrganizationName OrganizationDepartment AdminAddress1 AdminAddress2 AdminCity AdminStateProvince',
  'AdminPostalCode AdminCountry AdminPhone OrganizationDUNS OrganizationRepFirstName OrganizationRepLastName',
  'OrganizationRepTitle OrganizationRepPhone OrganizationRepEmailAddress CompanyIncorporationCountry',
  'CompanyIncorporationStateProvince CompanyIncorporationLocality CompanyIncorporationDate CompanyDBA',
  'CompanyRegistrationNumber',
].flatMap((names) => names.split(' '));

export const ENDPOINTS = {
  create: {
    command: 'ssl.create',
    // Quantity is gone since 2011 and still sent by the vendor's module.
    parameters: ['Years', 'Type', 'SANStoADD', 'PromotionCode', 'Quantity'],
    run: create,
  },
  activate: { command: 'ssl.activate', parameters: REQUEST, run: activate },
  reissue: { command: 'ssl.reissue', parameters: REQUEST, run: reissue },
  getInfo: {
    command: 'ssl.getInfo',
    parameters: ['CertificateID', 'Returncertificate', 'Returntype'],
    run: getInfo,
  },
  getList: {
    command: 'ssl.getList',
    parameters: ['ListType', 'SearchTerm', 'Page', 'PageSize', 'SortBy', 'Years'],
    run: getList,
  },
  parseCsr: { command: 'ssl.parseCSR', parameters: ['csr', 'CertificateType'], run: parseCsr },
  approverEmails: {
    command: 'ssl.getApproverEmailList',
    parameters: ['DomainName', 'CertificateType'],
    run: approverEmails,
  },
  renew: {
    command: 'ssl.renew',
    parameters: ['CertificateID', 'Years', 'SSLType', 'PromotionCode'],
    run: renew,
  },
  resendApproverEmail: {
    command: 'ssl.resendApproverEmail',
    parameters: ['CertificateID'],
    run: resendApproverEmail,
  },
  resendFulfillmentEmail: {
    command: 'ssl.resendfulfillmentemail',
    parameters: ['CertificateID'],
    run: (desk, fields) => {
      const entry = entryIn(desk, fields);
      if (entry.status !== 'Active') throw invalidStatus(desk);
      return element('SSLResendFulfillmentEmailResult', { ID: entry.id, IsSuccess: 'true' });
    },
  },
  purchaseMoreSans: {
    command: 'ssl.purchasemoresans',
    parameters: ['CertificateID', 'NumberOfSANSToAdd'],
    run: purchaseMoreSans,
  },
  revoke: {
    command: 'ssl.revokecertificate',
    parameters: ['CertificateID', 'CertificateType'],
    run: revoke,
  },
  editDcv: {
    command: 'ssl.editDCVMethod',
    parameters: ['CertificateID', 'DCVMethod', 'DNSNames', 'DCVMethods'],
    run: editDcv,
  },
  balances: { command: 'users.getBalances', parameters: [], run: balances },
  pricing: {
    command: 'users.getPricing',
    parameters: ['ProductType', 'ProductCategory', 'ActionName', 'ProductName', 'PromotionCode'],
    run: pricing,
  },
} as const satisfies Readonly<Record<string, Endpoint>>;

export type Operation = keyof typeof ENDPOINTS;

/** Commands in lower case. */
export const COMMANDS: ReadonlyMap<string, Operation> = new Map(
  (Object.keys(ENDPOINTS) as Operation[]).map((operation) => [
    ENDPOINTS[operation].command.toLowerCase(),
    operation,
  ]),
);
