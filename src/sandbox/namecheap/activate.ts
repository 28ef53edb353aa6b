import { UTCDate } from '@date-fns/utc';
import { addYears } from 'date-fns/addYears';
import { entryIn, newEntry } from './buy.js';
import { csrIn, editedProof, mailboxesOf, namesIn, productOf, proofsIn, typeIn } from './csr.js';
import { replace } from './progress.js';
import { invalidStatus, Refusal } from './reply.js';
import { type Fields, listIn, needed } from './request.js';
import { DAY_MS, type Desk, type Entry, isSlot, type Proof } from './state.js';
import { cdata, element, type Markup } from './xml.js';

type Requested = Pick<
  Entry,
  'csrPem' | 'spkiBase64' | 'names' | 'proofs' | 'adminEmail' | 'organization' | 'country' | 'activatedAtMs'
>;

const CONTACTS = [
  'AdminOrganizationName',
  'AdminAddress1',
  'AdminCity',
  'AdminStateProvince',
  'AdminPostalCode',
  'AdminCountry',
  'AdminPhone',
] as const;

/** Everything a request for a certificate has to say. @throws Refusal */
async function requested(desk: Desk, fields: Fields, entry: Entry, isReissue: boolean): Promise<Requested> {
  const product = productOf(entry.type);
  const csr = await csrIn(desk, fields);
  const names = namesIn(fields, product, csr, product.included + entry.extraNames);
  const adminEmail = fields.get('adminemailaddress') ?? '';
  if (adminEmail === '' && !isReissue && desk.settings.deliveryEmail === 'required') {
    throw new Refusal(2010214, 'Admin email is missing');
  }
  const ofOrganization = product.level !== 'DV';
  if (ofOrganization) {
    needed(fields, 'AdminOrganizationName', 2010396);
    for (const name of CONTACTS) needed(fields, name, 2010326);
    if (!/^[A-Z]{2}$/.test(fields.get('admincountry') ?? ''))
      throw new Refusal(4011297, 'Country is invalid');
    if (!/^\+\d{1,3}\.\d{4,15}$/.test(fields.get('adminphone') ?? '')) {
      throw new Refusal(2010326, 'AdminPhone is invalid');
    }
  }
  if (product.level === 'EV') needed(fields, 'CompanyIncorporationCountry', 2010667);
  return {
    csrPem: csr.pem,
    spkiBase64: csr.spkiDer.toString('base64'),
    names: [...names],
    proofs: proofsIn(desk, fields, names, csr),
    adminEmail,
    organization: ofOrganization ? (fields.get('adminorganizationname') ?? null) : null,
    country: fields.get('admincountry') ?? null,
    activatedAtMs: desk.nowMs,
  };
}

/** @throws Refusal; one of the authority leaves the slot in `PurchaseError` */
export async function activate(desk: Desk, fields: Fields): Promise<Markup> {
  const { seat, settings, state, nowMs } = desk;
  const entry = entryIn(desk, fields);
  if (!isSlot(entry)) throw invalidStatus(desk);
  if (nowMs > entry.boughtAtMs + settings.activationDays * DAY_MS) {
    throw new Refusal(4020294, 'The activation period is over');
  }
  const wanted = await requested(desk, fields, entry, false);
  const old = state.entries.find(({ id }) => id === entry.renews);
  if (old && old.names[0] !== wanted.names[0]) {
    throw new Refusal(2011166, 'The renewal is for another domain');
  }
  if (seat.fault('authority-refuses', 'activate') !== undefined) {
    entry.status = 'PurchaseError';
    throw new Refusal(3027295, 'The certificate authority refused the request');
  }
  const carriedMs = old ? Math.max(0, (old.termEndMs ?? nowMs) - nowMs) : 0;
  Object.assign(entry, wanted, {
    status: 'Purchased' as const,
    termEndMs: addYears(new UTCDate(nowMs), entry.years).getTime() + carriedMs,
  });
  if (seat.fault('cancel', 'activate') !== undefined) entry.status = 'Cancelled';
  return submitted('SSLActivateResult', entry);
}

/** A new record beside the old one. @throws Refusal */
export async function reissue(desk: Desk, fields: Fields): Promise<Markup> {
  const { seat, settings, state, nowMs } = desk;
  const old = entryIn(desk, fields);
  const running = state.entries.some(({ replaces, status }) => replaces === old.id && status === 'Purchased');
  if (old.status !== 'Active' || running || nowMs > (old.termEndMs ?? nowMs)) throw invalidStatus(desk);
  const wanted = await requested(desk, fields, old, true);
  const entry = newEntry(desk, {
    ...wanted,
    type: old.type,
    years: old.years,
    orderId: old.orderId,
    extraNames: old.extraNames,
    status: 'Purchased',
    boughtAtMs: old.boughtAtMs,
    adminEmail: old.adminEmail,
    termEndMs: old.termEndMs,
    renews: old.renews,
    replaces: old.id,
  });
  if (settings.replacedAt === 'call') replace(old, entry);
  if (seat.fault('cancel', 'reissue') !== undefined) entry.status = 'Cancelled';
  return submitted(settings.reissueElement, entry);
}

function submitted(name: string, { id, proofs }: Entry): Markup {
  return element(name, { ID: id, IsSuccess: 'true' }, ...blocks(proofs, (proof) => named(proof)));
}

const named = (proof: Proof): Markup => element('DNS', { domain: proof.name }, ...valuesOf(proof));

const valuesOf = ({ method, key, value }: Proof): readonly Markup[] =>
  method === 'HTTP'
    ? [element('FileName', {}, cdata(key)), element('FileContent', {}, cdata(value))]
    : [element('HostName', {}, cdata(key)), element('Target', {}, cdata(value))];

/** Both blocks are always there. */
function blocks(proofs: readonly Proof[], write: (proof: Proof) => Markup): readonly Markup[] {
  return (['HTTP', 'CNAME'] as const).map((method) => {
    const own = proofs.filter((proof) => proof.method === method);
    const name = method === 'HTTP' ? 'HttpDCValidation' : 'DNSDCValidation';
    return element(name, { ValueAvailable: own.length > 0 }, ...own.map(write));
  });
}

/** Sets methods; its answer has no element for a name, and shows the values of the first. @throws Refusal */
export function editDcv(desk: Desk, fields: Fields): Markup {
  const entry = entryIn(desk, fields);
  if (entry.status !== 'Purchased') throw invalidStatus(desk);
  const several = productOf(entry.type).included !== 1;
  const names = several
    ? listIn(fields, 'DNSNames').map((name) => name.toLowerCase())
    : [entry.names[0] ?? ''];
  const methods = several ? listIn(fields, 'DCVMethods') : [needed(fields, 'DCVMethod', 2010784)];
  if (names.length === 0 || names.length !== methods.length) throw new Refusal(2010767, 'Lists differ');
  for (const [i, name] of names.entries()) {
    const at = entry.proofs.findIndex((proof) => proof.name === name);
    const proof = entry.proofs[at];
    if (proof === undefined) throw new Refusal(2011767, `${name} is no name of the certificate`);
    entry.proofs[at] = editedProof(desk, proof, methods[i] ?? '');
  }
  const [first] = entry.proofs.filter((proof) => names.includes(proof.name));
  const flat = blocks(first ? [first] : [], (proof) => ({
    markup: valuesOf(proof)
      .map(({ markup }) => markup)
      .join(''),
  }));
  const set = names.map((name, i) =>
    element('Domains', { Name: name, IsSuccess: 'true', DCVMethodSet: methods[i] ?? '' }),
  );
  return element(
    'SSLEditDCVMethodResult',
    { ID: entry.id, IsSuccess: 'true' },
    ...flat,
    element('Domains', {}, ...(several ? set : [])),
  );
}

/** @throws Refusal */
export function resendApproverEmail(desk: Desk, fields: Fields): Markup {
  const entry = entryIn(desk, fields);
  if (entry.status !== 'Purchased') throw invalidStatus(desk);
  return element('SSLResendApproverEmailResult', { ID: entry.id, IsSuccess: 'true' });
}

/** @throws Refusal */
export function revoke(desk: Desk, fields: Fields): Markup {
  const entry = entryIn(desk, fields);
  if (typeIn(fields, 'CertificateType', 2011300) !== entry.type)
    throw new Refusal(2011300, 'Type is invalid');
  if (entry.status !== 'Replaced') throw invalidStatus(desk);
  entry.revoked = true;
  return element('RevokeCertificateResult', { IsSuccess: 'true', ID: entry.id });
}

/** Longest request that this call takes; activate takes more. */
const LONGEST_PARSED = 2000;

/** @throws Refusal */
export async function parseCsr(desk: Desk, fields: Fields): Promise<Markup> {
  const { level } = productOf(typeIn(fields, 'CertificateType', 2011300));
  if ((fields.get('csr') ?? '').length > LONGEST_PARSED) throw new Refusal(2013296, 'CSR is too long');
  const csr = await csrIn(desk, fields);
  const [name = ''] = csr.commonNames;
  return element(
    'SSLParseCSRResult',
    { IsSuccess: 'true' },
    element(
      'CSRDetails',
      {},
      element('CommonName', {}, cdata(name)),
      element('DomainName', {}, cdata(name)),
      element('Country', {}, cdata(csr.subject.C ?? '')),
      element('OrganisationUnit', {}, cdata(csr.subject.OU ?? '')),
      element('Organisation', {}, cdata(level === 'DV' ? '' : (csr.subject.O ?? ''))),
      element('ValidTrueDomain', {}, 'true'),
      element('State', {}, cdata(csr.subject.ST ?? '')),
      element('Locality', {}, cdata(csr.subject.L ?? '')),
      element('Email', {}, cdata('')),
      element('DNSNames', {}, cdata(csr.alternativeNames.join(','))),
    ),
  );
}

/** @throws Refusal */
export function approverEmails(_desk: Desk, fields: Fields): Markup {
  typeIn(fields, 'CertificateType', 2011300);
  const domain = needed(fields, 'DomainName', 2011296).toLowerCase();
  return element(
    'GetApproverEmailListResult',
    { Domain: domain },
    element('Domainemails'),
    element('Genericemails', {}, ...mailboxesOf(domain).map((mailbox) => element('email', {}, mailbox))),
    element('Manualemails'),
  );
}
