import { nearest } from '../../config/findings.js';
import { optional } from '../../config/json.js';
import { CertError } from '../../model/errors.js';
import { isOpen } from '../../model/intent.js';
import type { PlanItem } from '../../model/plan.js';
import { terminalText } from '../../report/escape.js';
import { jsonText } from '../../report/json.js';
import { type ShowView, showText } from '../../report/show.js';
import { STATE_FOLDER } from '../../repository/layout.js';
import { type ApprovalDraft, approvalDraft } from '../approval-draft.js';
import type { Context } from '../context.js';
import { dueDates, nextTries } from '../due.js';
import { EXIT, exitCodeOf } from '../exit.js';
import { type Entry, lookAround, type Situation } from '../situation.js';
import { endpointRows, stateOf } from '../status-rows.js';
import { manifestCeiling } from '../unpriced-plan.js';
import { openWorkplace } from '../workplace.js';
import type { Globals } from './globals.js';
import type { Options } from './program.js';

interface AwaitedApproval {
  readonly item: PlanItem;
  readonly draft?: ApprovalDraft;
}

/** `certwright show NAME`: everything known of one certificate, without asking its provider. */
export async function run(
  context: Context,
  globals: Globals,
  options: Options,
  args: readonly string[],
): Promise<number> {
  const name = args[0] ?? '';
  const workplace = await openWorkplace(context, globals);
  try {
    const situation = await lookAround(context, workplace.deps);
    const entry = situation.entries.find((one) => one.name === name);
    if (!entry) throw unknownName(name, situation);
    if (options.csr === true) {
      context.progress.clear();
      const csr = requestUnderWay(entry).trim();
      context.print(globals.json ? jsonText({ name, csr }) : csr);
      return EXIT.fine;
    }
    const awaited = awaitedApprovals(context, situation, name);
    const view = viewOf(situation, entry, awaited);
    context.progress.clear();
    context.print(
      globals.json
        ? showJson(view, entry, awaited)
        : `${showText(view, { ...context.render, nowMs: situation.nowMs })}${draftsText(situation, awaited)}`,
    );
    return exitCodeOf({ conditions: entry.conditions });
  } finally {
    await workplace.close();
  }
}

/** For whoever finishes an order by hand. @throws CertError `usage` */
function requestUnderWay({ name, status }: Entry): string {
  const csr = status.intents.filter(isOpen).find(({ request }) => request.csrPem !== undefined)
    ?.request.csrPem;
  if (csr !== undefined) return csr;
  throw new CertError('usage', `nothing of ${name} is under way that has a certificate request`);
}

function unknownName(name: string, { entries }: Situation): CertError {
  const meant = nearest(
    name,
    entries.map((entry) => entry.name),
  );
  return new CertError('usage', `no certificate is called "${name}"`, {
    remedy:
      meant === undefined
        ? '`certwright status -o name` lists the names'
        : `did you mean \`certwright show ${meant}\`?`,
  });
}

function awaitedApprovals(context: Context, situation: Situation, name: string): readonly AwaitedApproval[] {
  const { input, plan, nowMs } = situation;
  if (!input || !plan) return [];
  return plan.items
    .filter((item) => item.name === name && item.hold?.code === 'approval-missing')
    .map((item) => ({
      item,
      ...optional('draft', approvalDraft(item, manifestCeiling(input, name), nowMs, context.random)),
    }));
}

function viewOf(situation: Situation, entry: Entry, awaited: readonly AwaitedApproval[]): ShowView {
  const { name, spec, status } = entry;
  const { word, level, condition } = stateOf(entry);
  const folder = `${STATE_FOLDER}/${name}/`;
  return {
    status,
    state: { word, level, ...optional('message', condition?.message ?? manifestMessage(entry)) },
    ...optional('manifest', spec && `${spec.position.file}:${spec.position.line}`),
    ...optional('owner', spec?.owner ?? status.owner),
    due: dueDates(entry, situation.input),
    nextTryAt: nextTries(entry),
    approvals: awaited.map(({ item, draft }) => ({
      action: item.action,
      message: item.hold?.message ?? '',
      ...optional('file', draft?.file),
    })),
    ...endpointRows(entry),
    files: [...situation.view.files.keys()].filter((path) => path.startsWith(folder)).sort(),
  };
}

function manifestMessage({ manifest, spec, status }: Entry): string | undefined {
  if (manifest === 'invalid') return 'its manifest has errors; certwright validate shows them';
  if (spec?.suspend) return 'suspended by its manifest: nothing new is sent';
  if (manifest === 'gone' && !status.archived) return 'no manifest declares it; the next apply archives it';
  return manifest === 'declared' && status.orders.length === 0 ? 'declared, not ordered yet' : undefined;
}

const showJson = (view: ShowView, { conditions }: Entry, awaited: readonly AwaitedApproval[]): string =>
  jsonText({
    ...view,
    conditions,
    approvals: view.approvals.map((approval, i) => ({
      ...approval,
      ...optional('content', awaited[i]?.draft?.text),
    })),
  });

/** Printed as it is to be committed: nothing indented, nothing wrapped. */
function draftsText({ reading }: Situation, awaited: readonly AwaitedApproval[]): string {
  const branch = reading.configuration?.branches.approval ?? '';
  return awaited
    .flatMap(({ draft }) => (draft ? [draft] : []))
    .map(({ file, text }) => {
      const lines = text.split('\n').map(terminalText).join('\n');
      return `\nTo approve it, merge this into ${terminalText(branch)} as ${terminalText(file)}:\n\n${lines}`;
    })
    .join('');
}
