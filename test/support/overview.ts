import { money } from '../../src/model/money.js';
import { DAY_MS, toInstant } from '../../src/model/time.js';
import { type MoneyEvent, spendingOf } from '../../src/report/overview/spending.js';
import { timelineOf } from '../../src/report/overview/timeline.js';
import type {
  DueLine,
  Overview,
  OverviewCertificate,
  Standing,
  TroubleLine,
  WaitingLine,
} from '../../src/report/overview/types.js';

export const NOW = Date.parse('2026-11-29T11:20:00Z');

const dayAt = (days: number): string => toInstant(NOW + days * DAY_MS);

const REASONS: Readonly<Record<Standing, readonly [state: string, reason: string | undefined]>> = {
  expired: ['Expired', 'expired'],
  attention: ['Attention', 'overdue, no successor'],
  waiting: ['Waiting', 'waiting for the approver to answer the mail'],
  due: ['Issuing', 'reissue under way'],
  healthy: ['Ready', undefined],
  archived: ['Archived', 'no manifest any more'],
};

/** One certificate of a shop, in its second paid term; `n` makes it unlike the others. */
export function overviewCertificate(
  n: number,
  standing: Standing,
  parts: Partial<OverviewCertificate> = {},
): OverviewCertificate {
  const left =
    standing === 'expired' ? -2 - (n % 5) : standing === 'attention' ? 3 + (n % 9) : 25 + ((n * 37) % 170);
  const paidLeft = left + ((n * 53) % 360);
  const [state, reason] = REASONS[standing];
  const provider = ['sectigo', 'thesslstore', 'namecheap'][n % 3] ?? '';
  const owner = ['platform-team', 'shop', 'acme-inc', 'northwind'][n % 4] ?? '';
  const name = `${owner}/site-${String(n).padStart(5, '0')}`;
  const domain = `www${n}.example.com`;
  const charged = money(String(9 + (n % 40)), n % 7 === 0 ? 'EUR' : 'USD');
  const order = {
    reference: `cwk3v9x2-${n}a`,
    provider,
    environment: 'live' as const,
    product: 'positivessl-multi-domain',
    term: '1y',
    state: 'issued' as const,
  };
  return {
    name,
    kind: 'certificate',
    standing,
    state,
    level: 'good',
    ...(reason === undefined ? {} : { reason }),
    owner,
    provider,
    environment: 'live',
    product: order.product,
    term: '1y',
    autoRenew: n % 5 !== 0,
    manifest: `certificates/${name}.yaml:1`,
    names: [domain, `shop.${domain}`, `api.${domain}`].slice(0, 1 + (n % 3)),
    notBefore: dayAt(left - 199),
    notAfter: dayAt(left),
    publishedAt: dayAt(left - 199),
    serial: (n + 1).toString(16).padStart(32, 'a7'),
    sha256: (n + 1).toString(16).padStart(64, '5e'),
    issuer: 'CN=Sectigo Public Server Authentication CA DV E36,O=Sectigo Limited,C=GB',
    keyAlgorithm: 'ecdsa-p256',
    paidTill: dayAt(paidLeft),
    ...(paidLeft - left > 2 ? { reissueAt: dayAt(Math.max(1, left - 30)) } : {}),
    ...(n % 5 === 0 ? {} : { renewAt: dayAt(Math.max(1, paidLeft - 30)) }),
    notes:
      reason === undefined
        ? []
        : [{ message: `order ${9000 + n}: ${reason}`, level: 'warning', since: dayAt(-3) }],
    orders: [
      {
        ...order,
        id: String(5000 + n),
        placedAt: dayAt(paidLeft - 730),
        paidFrom: dayAt(paidLeft - 730),
        paidTill: dayAt(paidLeft - 365),
        charges: [{ at: dayAt(paidLeft - 730), action: 'order', quoted: charged, charged }],
      },
      {
        ...order,
        id: String(9000 + n),
        predecessor: String(5000 + n),
        placedAt: dayAt(paidLeft - 365),
        paidFrom: dayAt(paidLeft - 365),
        paidTill: dayAt(paidLeft),
        charges: [{ at: dayAt(paidLeft - 365), action: 'renew', quoted: charged, charged }],
      },
    ],
    previous: [
      {
        serial: n.toString(16).padStart(32, 'b3'),
        notBefore: dayAt(left - 370),
        notAfter: dayAt(left - 171),
        order: String(5000 + n),
      },
    ],
    ...parts,
  };
}

/** So many certificates; one in fifty is in trouble of some kind. */
export const manyCertificates = (count: number): readonly OverviewCertificate[] =>
  Array.from({ length: count }, (_, n) => {
    const odd: readonly Standing[] = ['attention', 'waiting', 'due', 'due', 'expired', 'waiting', 'due'];
    return overviewCertificate(n, n % 12 === 5 ? (odd[Math.floor(n / 12) % odd.length] ?? 'due') : 'healthy');
  });

const WHOM = ['the approver to answer the mail', "the CA's phone call", 'payment', 'a decision'];

const lineOf = ({ name, owner }: OverviewCertificate) => ({
  name,
  ...(owner === undefined ? {} : { owner }),
});

/** The report of these certificates, as the command would make it. */
export function overview(
  certificates: readonly OverviewCertificate[],
  parts: Partial<Overview> = {},
): Overview {
  const order: readonly Standing[] = ['expired', 'attention', 'waiting', 'due', 'healthy', 'archived'];
  const sorted = certificates.toSorted((a, b) => order.indexOf(a.standing) - order.indexOf(b.standing));
  const of = (standing: Standing) => sorted.filter((one) => one.standing === standing);
  const counts = Object.fromEntries(order.map((one) => [one, of(one).length])) as Record<Standing, number>;
  const trouble = [...of('expired'), ...of('attention')].map(
    (one, n): TroubleLine => ({
      ...lineOf(one),
      level: n % 3 === 2 ? 'warning' : 'attention',
      message: `the certificate ends ${one.notAfter?.slice(0, 10)}, and has no successor`,
      since: dayAt(-4).slice(0, 10),
    }),
  );
  const waiting = of('waiting').map(
    (one, n): WaitingLine => ({
      ...lineOf(one),
      whom: WHOM[n % WHOM.length] ?? '',
      message: `order ${one.orders.at(-1)?.id} at ${one.provider} waits for ${WHOM[n % WHOM.length]}`,
      ...(n % WHOM.length === 3 ? { remedy: 'merge the pull request that adds the approval' } : {}),
      since: dayAt(-6).slice(0, 10),
    }),
  );
  const due = sorted
    .flatMap((one): readonly DueLine[] => [
      ...(one.reissueAt === undefined
        ? []
        : [{ ...lineOf(one), day: one.reissueAt.slice(0, 10), action: 'reissue' as const }]),
      ...(one.renewAt === undefined
        ? []
        : [
            {
              ...lineOf(one),
              day: one.renewAt.slice(0, 10),
              action: 'renew' as const,
              atMost: money('25', 'USD'),
            },
          ]),
    ])
    .filter(({ day }) => day <= dayAt(60).slice(0, 10))
    .toSorted((a, b) => (a.day + a.name < b.day + b.name ? -1 : 1));
  return {
    version: 1,
    madeAt: toInstant(NOW),
    repository: 'github.com/acme/certificates',
    repositoryId: 'k3v9x2',
    selection: {},
    counts,
    trouble,
    waiting,
    due,
    timeline: timelineOf(certificates, NOW),
    spending: spendingOf(certificates.flatMap(moneyOf), NOW),
    certificates: sorted,
    ...parts,
  };
}

function moneyOf(one: OverviewCertificate): readonly MoneyEvent[] {
  const base = {
    ...lineOf(one),
    provider: one.provider ?? '',
    environment: one.environment ?? ('live' as const),
  };
  const charges = one.orders.flatMap(({ charges: own }) => own);
  const last = charges.at(-1)?.charged;
  return [
    ...charges.flatMap(({ at, charged }) =>
      charged && Date.parse(at) <= NOW
        ? [{ ...base, kind: 'spent' as const, atMs: Date.parse(at), amount: charged }]
        : [],
    ),
    ...(one.renewAt === undefined || last === undefined
      ? []
      : [
          {
            ...base,
            kind: 'expected' as const,
            atMs: Date.parse(one.renewAt),
            amount: last,
            basis: 'listed' as const,
          },
        ]),
  ];
}
