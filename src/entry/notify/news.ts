import { createHash } from 'node:crypto';
import type { Finding, Spec } from '../../model/manifest.js';
import type { Notice } from '../../model/notice.js';
import type { NotificationConfig } from '../../model/notification.js';
import type { Plan, PlanItem, PlanWarning } from '../../model/plan.js';
import type { RunMemory } from '../../model/run-memory.js';
import { actsFor, type Shard } from '../../model/shard.js';
import { emptyStatus } from '../../model/status.js';
import type { Instant } from '../../model/time.js';
import { requestedAction, requestKey } from '../../policy/approval-wishes.js';
import type { Condition } from '../../policy/conditions.js';
import { generalHolds, holdKey, type NoticeSubject, noticesOf, upcomingOf } from '../../policy/notices.js';
import { heardBy, type News, newsSince } from '../../policy/telling.js';
import type { StateView } from '../../reconcile/state.js';
import { remedyOf } from '../../report/holds.js';

/** What a run knows at its end, as far as people are told of it. */
export interface NewsSource {
  readonly view: StateView;
  readonly specs: ReadonlyMap<string, Spec>;
  /** Of every certificate with facts. */
  readonly conditions: ReadonlyMap<string, readonly Condition[]>;
  readonly plan?: Plan;
  readonly findings: readonly Finding[];
  /** `id` of the configuration. */
  readonly repositoryId: string;
  readonly channels: readonly NotificationConfig[];
  readonly memory?: Pick<RunMemory, 'told'>;
  /** Was everything looked at that people may have been told of? */
  readonly complete: boolean;
  /** Only of its certificates it is known what is over: lines of the others were not planned here. */
  readonly shard?: Shard;
  /** Addresses of pull requests that ask for something, by `requestKey`. */
  readonly requests?: ReadonlyMap<string, string>;
}

/** What keys of no certificate begin with. */
const REPOSITORY = 'repository';
/** A channel that failed once may do better at the next try. */
const FAILURES_TOLD = 2;

/** Everything there is to tell. */
export function newsOf(source: NewsSource, nowMs: number): News {
  const subjects = subjectsOf(source);
  const asked = source.requests ?? new Map<string, string>();
  const since = sinceOf(source, nowMs);
  return {
    notices: [
      ...generalNotices(source),
      ...subjects.flatMap((subject) => {
        const notices = noticesOf(subject, nowMs, since);
        if (subject.items.length === 0) return notices;
        const held = new Map(subject.items.map((item) => [holdKey(item), item]));
        return notices.map((notice) => {
          const item = held.get(notice.key);
          return item === undefined ? notice : withAnswer(notice, item, asked);
        });
      }),
    ],
    upcomingMs: subjects.flatMap((subject) => upcomingOf(subject, nowMs)),
    complete: source.complete,
    ...(source.shard === undefined ? {} : { owns: (name: string) => actsFor(source.shard, name) }),
  };
}

/** Nothing older is news to any channel: most of what ever happened is not even looked at. */
function sinceOf({ channels, memory }: NewsSource, nowMs: number): Instant {
  const fresh = newsSince(nowMs);
  const wanted = channels.filter(({ on }) => on.includes('changed'));
  if (wanted.length === 0) return LATER;
  return wanted
    .map(({ name }) => memory?.told?.[name]?.since ?? fresh)
    .reduce((a, b) => (b < a ? b : a), fresh);
}

/** After every instant. */
const LATER: Instant = '\uffff';

/** What a person does about a hold, and where. */
function withAnswer(notice: Notice, item: PlanItem, asked: ReadonlyMap<string, string>): Notice {
  const remedy = remedyOf(item);
  const url = asked.get(requestKey(item.name, requestedAction(item)));
  return {
    ...notice,
    ...(remedy === undefined ? {} : { remedy }),
    ...(url === undefined ? {} : { url }),
  };
}

function subjectsOf({ view, specs, conditions, plan }: NewsSource): readonly NoticeSubject[] {
  const items = Map.groupBy(plan?.items ?? [], ({ name }: PlanItem) => name);
  const warnings = Map.groupBy(plan?.warnings ?? [], ({ name }: PlanWarning) => name);
  const names = new Set([...specs.keys(), ...view.statuses.keys()]);
  return [...names].map((name) => {
    const spec = specs.get(name);
    return {
      name,
      status: view.statuses.get(name) ?? emptyStatus(name, spec?.kind),
      ...(spec === undefined ? {} : { spec }),
      conditions: conditions.get(name) ?? [],
      items: items.get(name) ?? [],
      warnings: warnings.get(name) ?? [],
    };
  });
}

/** What concerns the repository as a whole. */
function generalNotices(source: NewsSource): readonly Notice[] {
  const { view, plan, findings, channels, memory } = source;
  const { integrity } = view.snapshot;
  const errors = findings.filter(({ severity }) => severity === 'error');
  const general = (plan?.warnings ?? []).filter(({ name, level }) => name === undefined && level !== 'info');
  const told = new Set<string>([...general.map(({ code }) => code), ...(plan?.unsafe ? ['unsafe'] : [])]);
  return [
    ...(integrity.kind === 'lost' && !told.has('state-lost')
      ? [
          attention(
            'state-lost',
            `the state branch was rewound or lost: ${integrity.why}; nothing is bought, see docs/recovery.md`,
          ),
        ]
      : []),
    ...general.map(({ code, message }) => attention(code, message)),
    ...(plan?.unsafe ? [attention('unsafe', plan.unsafe.message, digestOf(plan.unsafe.lines))] : []),
    ...generalHolds(plan?.items ?? [])
      .filter(({ code }) => !told.has(code) && !(code === 'state-integrity' && integrity.kind === 'lost'))
      .map(({ code, message }) => attention(code, message)),
    ...(errors.length === 0 ? [] : [filesNotice(errors)]),
    ...channels.flatMap(({ name }) => {
      const failure = memory?.told?.[name]?.failure;
      if (failure === undefined || failure.count < FAILURES_TOLD) return [];
      const message = `the channel ${name} could not be told anything since ${failure.since}: ${failure.message}`;
      return [{ ...attention('NotifierFailing', message, `${name} ${failure.since}`), at: failure.since }];
    }),
  ];
}

const attention = (reason: string, message: string, version = ''): Notice => ({
  key: `${REPOSITORY} ${reason} ${version}`.trimEnd(),
  level: 'attention',
  reason,
  message,
});

function filesNotice(errors: readonly Finding[]): Notice {
  const places = errors.map(({ position: { file }, message }) => `${file} ${message}`);
  const [first] = errors;
  const where = first === undefined ? '' : `${first.position.file}:${first.position.line} ${first.message}`;
  const message = `the merged files have errors (${errors.length}): ${where}`;
  return {
    ...attention('files', message, digestOf(places)),
    remedy: 'run certwright validate for all of them',
  };
}

const digestOf = (texts: readonly string[]): string =>
  createHash('sha256')
    .update(JSON.stringify([...texts].sort()))
    .digest('hex')
    .slice(0, 12);

/** Which of the news one channel is for; nobody is told through a channel that the channel does not work. */
export function heardThrough(
  channel: NotificationConfig,
  { channels }: Pick<NewsSource, 'channels'>,
  { notices }: News,
): readonly Notice[] {
  const hasGeneral = channels.some(
    ({ on, match, owner }) => on.includes('attention') && match.length + owner.length === 0,
  );
  const own = `repository NotifierFailing ${channel.name} `;
  return heardBy(channel, notices, hasGeneral).filter(({ key }) => !key.startsWith(own));
}
