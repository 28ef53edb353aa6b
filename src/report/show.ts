import { formatMoney } from '../model/money.js';
import type { Lane } from '../model/order.js';
import type { FailureRecord, OrderRecord, Status } from '../model/status.js';
import { type Instant, toMs } from '../model/time.js';
import { day, minute, relative, separatePaidTill } from './dates.js';
import { type EndpointRow, endpointSection } from './endpoints.js';
import { say, shellWord, terminalText } from './escape.js';
import { type Colors, colorsOf, fields, optional, type TimedOptions } from './layout.js';
import { intentSections } from './show-intents.js';
import { currentSection, orderSection, previousSection, protectionSection } from './show-records.js';
import { copy, type Section } from './show-section.js';
import { validationSection } from './show-validation.js';
import { levelColor, type StatusLevel } from './status-level.js';

/** What `show` knows beyond the facts: computed by whoever knows the clock, the policy and the manifest. */
export interface ShowView {
  readonly status: Status;
  /** One word, and the sentence behind it. */
  readonly state?: { readonly word: string; readonly level: StatusLevel; readonly message?: string };
  /** `file:line` of the manifest; absent: the manifest is gone. */
  readonly manifest?: string;
  readonly owner?: string;
  /** When the next reissue and the next renewal fall due. */
  readonly due: { readonly reissueAt?: Instant; readonly renewAt?: Instant };
  readonly nextTryAt: Partial<Readonly<Record<Lane, Instant>>>;
  readonly approvals: readonly {
    readonly action: string;
    readonly message: string;
    readonly file?: string;
  }[];
  /** Absent: none are declared, or nothing is dialled. */
  readonly endpoints?: readonly EndpointRow[];
  /** Paths on the state branch. */
  readonly files: readonly string[];
}

const INDENT = 2;
const LABEL_WIDTH = 12;
const dayAndDistance = (at: Instant, nowMs: number): string => `${day(at)}, ${relative(toMs(at), nowMs)}`;

const orderOf = ({ orders }: Status, id: string): OrderRecord | undefined =>
  orders.findLast((order) => order.id === id || order.ids.includes(id));

function stateText({ state }: ShowView, colors: Colors): string | undefined {
  if (!state) return undefined;
  const word = levelColor(state.level, colors)(say(state.word));
  return state.message === undefined ? word : `${word}: ${say(state.message)}`;
}

function overview(view: ShowView, nowMs: number, colors: Colors): Section {
  const { status, due } = view;
  const { current } = status;
  const order = current ? orderOf(status, current.order) : status.orders.findLast(({ addOn }) => !addOn);
  const paidTill = separatePaidTill(current?.notAfter, order?.paidTill);
  const next = [
    ...(due.reissueAt ? [`reissue from ${dayAndDistance(due.reissueAt, nowMs)}`] : []),
    ...(due.renewAt ? [`renewal from ${dayAndDistance(due.renewAt, nowMs)}`] : []),
  ];
  return {
    fields: [
      ...optional('state', stateText(view, colors)),
      ...optional(
        'end date',
        current && `${minute(current.notAfter)}, ${relative(toMs(current.notAfter), nowMs)}`,
      ),
      ...(order?.paidTill === undefined
        ? []
        : [{ label: 'paid till', text: paidTill ? dayAndDistance(paidTill, nowMs) : '' }]),
      ...optional('next', next.join('; ')),
      ...optional('owner', view.owner && say(view.owner)),
      ...optional('manifest', view.manifest ? say(view.manifest) : 'gone'),
      ...optional('archived', status.archived && day(status.archived.at)),
    ],
  };
}

const LANE_WORDS: Readonly<Record<Lane, string>> = { purchase: 'buying', free: 'issuing' };

function failureSection(
  lane: Lane,
  failure: FailureRecord,
  next: Instant | undefined,
  nowMs: number,
): Section {
  const times = failure.count === 1 ? 'once' : `${failure.count} times`;
  return {
    title: `Failing: ${LANE_WORDS[lane]}`,
    fields: [
      { label: 'failed', text: `${times}, last ${relative(toMs(failure.lastAt), nowMs)}` },
      { label: 'because', text: say(failure.message) },
      ...optional('next try', next && `${minute(next)}, ${relative(toMs(next), nowMs)}`),
    ],
  };
}

function stops({ status }: ShowView): readonly Section[] {
  const name = shellWord(status.name);
  const { breaker, priceStop } = status;
  return [
    ...(breaker
      ? [
          {
            title: 'Stopped',
            fields: [
              { label: 'since', text: minute(breaker.trippedAt) },
              { label: 'because', text: say(breaker.why) },
              copy('to do', `certwright resolve ${name} --reset-breaker`),
            ],
          },
        ]
      : []),
    ...(priceStop
      ? [
          {
            title: 'Charged more than quoted',
            fields: [
              { label: 'order', text: `${say(priceStop.order)}, ${say(priceStop.product)}` },
              { label: 'quoted', text: priceStop.quoted ? formatMoney(priceStop.quoted) : 'nothing' },
              { label: 'charged', text: formatMoney(priceStop.charged) },
              copy('to do', `certwright resolve ${name} --accept-price`),
            ],
          },
        ]
      : []),
  ];
}

function sections(view: ShowView, nowMs: number, colors: Colors): readonly Section[] {
  const { status } = view;
  const failures = Object.entries(status.failures) as readonly [Lane, FailureRecord][];
  return [
    overview(view, nowMs, colors),
    ...stops(view),
    ...intentSections(status, nowMs),
    {
      title: 'Approval needed',
      fields: view.approvals.flatMap(({ action, message, file }) => [
        { label: say(action), text: say(message) },
        ...(file === undefined ? [] : [copy('file', file)]),
      ]),
    },
    validationSection(status, nowMs),
    endpointSection(view.endpoints ?? [], nowMs),
    ...failures.map(([lane, failure]) => failureSection(lane, failure, view.nextTryAt[lane], nowMs)),
    {
      title: 'Requested',
      fields: status.requests.map(({ action, reason, requestedAt, deadline }) => ({
        label: action,
        text: `${say(reason)}, ${relative(toMs(requestedAt), nowMs)}${deadline === undefined ? '' : `; to be replaced by ${deadline}`}`,
      })),
    },
    ...(status.current ? [currentSection(status.current)] : []),
    ...(status.kind === 'sitelock' ? [protectionSection(status)] : []),
    ...status.orders.toReversed().map(orderSection),
    previousSection(status.previous),
    { title: 'Files', fields: view.files.map((file) => copy('', file)) },
  ].filter((section) => section.fields.length > 0);
}

/** Everything about one certificate for people; what needs one of them stands first. */
export function showText(view: ShowView, options: TimedOptions): string {
  const colors = colorsOf(options);
  const head = [
    colors.bold(terminalText(view.status.name)),
    ...(view.status.kind === 'sitelock' ? ['SiteLock'] : []),
  ].join('  ');
  const blocks = sections(view, options.nowMs, colors).map((section) => {
    const title = section.title === undefined ? [] : [colors.bold(section.title)];
    return [...title, ...sectionLines(section, options)].join('\n');
  });
  return `${[head, ...blocks].join('\n\n')}\n`;
}

/** A section whose fields carry no labels needs no room for them. */
function sectionLines({ fields: list }: Section, options: TimedOptions): string[] {
  const labelled = list.some(({ label }) => label !== '');
  return fields(list, INDENT, labelled ? LABEL_WIDTH : 0, options).map((line) => line.trimEnd());
}
