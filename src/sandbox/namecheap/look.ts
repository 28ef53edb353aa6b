import { certsOnlyPkcs7 } from '../frame/pkcs7.js';
import { entryIn, sansCount } from './buy.js';
import { retiredNames } from './products.js';
import { settleAll } from './progress.js';
import { paddedDate, Refusal, shortDate, statusText } from './reply.js';
import { type Fields, isTrue } from './request.js';
import { type Desk, type Entry, isSlot, type Status } from './state.js';
import { cdata, element, type Markup } from './xml.js';

const endOf = ({ settings }: Desk, { issued, termEndMs }: Entry): number | null =>
  settings.expires === 'term' ? termEndMs : (issued?.notAfterMs ?? null);

const activationEnd = ({ settings }: Desk, entry: Entry): number | null =>
  isSlot(entry) ? entry.boughtAtMs + settings.activationDays * 86_400_000 : null;

const description = ({ status, renews }: Entry): string =>
  `${renews === null ? 'Certificate' : 'Renewal certificate'} is ${status.toLowerCase()}`;

/** @throws Refusal */
export async function getInfo(desk: Desk, fields: Fields): Promise<Markup> {
  await settleAll(desk);
  const entry = entryIn(desk, fields);
  const returned = isTrue(fields, 'Returncertificate') && entry.issued !== null;
  const returnType = fields.get('returntype') ?? 'Individual';
  return element(
    'SSLGetInfoResult',
    {
      Status: statusText(desk, entry.status, sampleCase(entry.status)),
      StatusDescription: description(entry),
      Type: entry.type.toLowerCase(),
      IssuedOn: shortDate(entry.issued?.notBeforeMs ?? null),
      Expires: shortDate(endOf(desk, entry)),
      ActivationExpireDate: shortDate(activationEnd(desk, entry)),
      OrderId: entry.orderId,
      ReplacedBy: entry.replacedBy,
      SANSCount: sansCount(desk, entry),
      Years: entry.years,
    },
    element(
      'CertificateDetails',
      {},
      element('CSR', {}, cdata(entry.csrPem ?? '')),
      element('ApproverEmail', {}, cdata(approverOf(entry))),
      element('CommonName', {}, cdata(entry.names[0] ?? '')),
      element('AdministratorName', {}, cdata('')),
      element('AdministratorEmail', {}, cdata(entry.adminEmail)),
      element(
        'Certificates',
        { CertificateReturned: returned, ReturnType: returnType },
        ...(returned ? await certificates(desk, entry, returnType) : []),
      ),
    ),
    element('Provider', {}, element('OrderID', {}, `77${entry.id}`), element('Name', {}, 'SANDBOX')),
  );
}

/** The vendor's own module looks for these two in lower case. */
const sampleCase = (status: Status): 'lower' | 'as-is' =>
  status === 'Active' || status === 'Replaced' ? 'lower' : 'as-is';

const approverOf = ({ proofs: [first] }: Entry): string => {
  if (first === undefined) return '';
  return first.method === 'EMAIL' ? (first.mailbox ?? '') : `${first.method}CSRHASH`;
};

async function certificates(
  { seat }: Desk,
  { issued }: Entry,
  returnType: string,
): Promise<readonly Markup[]> {
  const chain = seat.ca.chain('public').toReversed();
  const pem = issued?.pem ?? '';
  if (returnType.toUpperCase() === 'PKCS7') {
    const base64 = (await certsOnlyPkcs7([pem, ...chain])).toString('base64');
    const lines = base64.match(/.{1,64}/g) ?? [];
    const bundle = ['-----BEGIN PKCS7-----', ...lines, '-----END PKCS7-----', ''].join('\n');
    return [element('Certificate', {}, cdata(bundle))];
  }
  return [
    element('Certificate', {}, cdata(pem)),
    element(
      'CaCertificates',
      {},
      // Roots may be among them, in any order.
      ...chain
        .toReversed()
        .map((ca) => element('Certificate', { Type: 'INTERMEDIATE' }, element('Certificate', {}, cdata(ca)))),
    ),
  ];
}

const LISTS: Readonly<Record<string, readonly Status[] | 'all'>> = {
  all: 'all',
  processing: ['Purchased'],
  emailsent: ['Purchased'],
  technicalproblem: ['PurchaseError'],
  inprogress: ['Purchased'],
  completed: ['Active'],
  deactivated: ['Cancelled'],
  active: ['Active'],
  cancelled: ['Cancelled'],
  newpurchase: ['NewPurchase'],
  newrenewal: ['NewRenewal'],
};

const SORTS: Readonly<Record<string, (entry: Entry) => string>> = {
  purchasedate: ({ madeAtMs }) => String(madeAtMs).padStart(16, '0'),
  ssltype: ({ type }) => type,
  expiredatetime: ({ issued }) => String(issued?.notAfterMs ?? 0).padStart(16, '0'),
  host_name: ({ names }) => names[0] ?? '',
};

const SMALLEST_PAGE = 10;
const USUAL_PAGE = 20;

/** @throws Refusal */
export async function getList(desk: Desk, fields: Fields): Promise<readonly Markup[]> {
  await settleAll(desk);
  const { settings, state, nowMs } = desk;
  const wanted = LISTS[(fields.get('listtype') ?? 'all').toLowerCase()];
  if (wanted === undefined) throw new Refusal(2011272, 'ListType is invalid');
  const term = (fields.get('searchterm') ?? '').toLowerCase();
  const [, sort = '', down] = /^(.+?)(_desc)?$/i.exec(fields.get('sortby') ?? 'purchasedate') ?? [];
  const key = SORTS[sort.toLowerCase()] ?? SORTS.purchasedate ?? (() => '');
  const found = state.entries
    .filter((entry) => settings.purchasesShow || !isSlot(entry))
    .filter(({ status }) => wanted === 'all' || wanted.includes(status))
    .filter(({ names }) => term === '' || (names[0] ?? '').includes(term))
    .toSorted((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : Number(a.id) - Number(b.id)));
  const sorted = down ? found.toReversed() : found;
  const asked = Number(fields.get('pagesize') ?? USUAL_PAGE);
  const size = Math.min(Math.max(asked, SMALLEST_PAGE), Math.max(1, settings.maximumPageSize));
  const page = Math.max(1, Number(fields.get('page') ?? '1'));
  const rows = sorted.slice((page - 1) * size, page * size).map((entry) =>
    element('SSL', {
      CertificateID: entry.id,
      HostName: entry.names[0] ?? null,
      SSLType: entry.type,
      PurchaseDate: paddedDate(settings.reissueDates === 'reissue' ? entry.madeAtMs : entry.boughtAtMs),
      ExpireDate: paddedDate(endOf(desk, entry)),
      ActivationExpireDate: paddedDate(activationEnd(desk, entry)),
      IsExpiredYN: (endOf(desk, entry) ?? nowMs) < nowMs,
      Status: statusText(desk, entry.status, sampleCase(entry.status)),
      ProviderOrderID: `77${entry.id}`,
      Years: entry.years,
    }),
  );
  return [
    element('SSLListResult', {}, ...rows),
    element(
      'Paging',
      {},
      element('TotalItems', {}, String(sorted.length)),
      element('CurrentPage', {}, String(page)),
      element('PageSize', {}, String(size)),
    ),
  ];
}

export const balances = ({ settings, state }: Desk): Markup =>
  element('UserGetBalancesResult', {
    Currency: settings.currency,
    AvailableBalance: state.balance,
    AccountBalance: state.balance,
    EarnedAmount: '0.00',
    WithdrawableAmount: '0.00',
    FundsRequiredForAutoRenew: '0.00',
  });

/** Categories are named after the action, as in the documented sample. */
export function pricing({ settings }: Desk, fields: Fields): Markup {
  const asked = fields.get('actionname')?.toUpperCase();
  const actions = (['purchase', 'renew'] as const).filter(
    (action) => asked === undefined || asked === action.toUpperCase(),
  );
  const named = (type: string): readonly string[] =>
    settings.pricedAs === 'current' ? [type] : [...retiredNames(type).slice(0, 1), type].slice(0, 1);
  return element(
    'UserGetPricingResult',
    {},
    element(
      'ProductType',
      { Name: 'SSLCERTIFICATE' },
      ...actions.map((action) =>
        element(
          'ProductCategory',
          { Name: action.toUpperCase() },
          ...Object.entries(settings.prices).flatMap(([type, rows]) =>
            named(type).map((name) =>
              element(
                'Product',
                { Name: name.toLowerCase().replaceAll(' ', '') },
                ...rows.map((row) =>
                  element('Price', {
                    Duration: row.years,
                    DurationType: 'YEAR',
                    Price: row[action],
                    RegularPrice: row[action],
                    YourPrice: row[action],
                    CouponPrice: '',
                    Currency: settings.currency,
                    PricingType: 'MULTIPLE',
                  }),
                ),
              ),
            ),
          ),
        ),
      ),
    ),
  );
}
