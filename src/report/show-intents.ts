import { isOpen, nextMove, type OpenIntent } from '../model/intent.js';
import type { Status } from '../model/status.js';
import { toMs } from '../model/time.js';
import { minute, relative } from './dates.js';
import { say, shellWord, terminalText } from './escape.js';
import type { Field } from './layout.js';
import { copy, type Section } from './show-section.js';
import { providerText } from './words.js';

/** What certwright will do with an intent, by its phase alone. */
function nextText(intent: OpenIntent, nowMs: number): string {
  const provider = terminalText(intent.provider);
  const move = nextMove(intent);
  switch (move) {
    case 'look-up': {
      const settled = intent.phase === 'intended' ? toMs(intent.settledAt) : nowMs;
      const when = settled > nowMs ? `; certain from ${relative(settled, nowMs)}` : '';
      return `looks for the reference at ${provider} before anything is sent${when}`;
    }
    case 'poll':
      return `asks ${provider} for the certificate`;
    case 'verify-and-publish':
      return `collects it from ${provider} again and verifies it before publishing`;
    case 'ask-a-person':
      return 'nothing is bought for this certificate until a person says what became of it';
    case 'nothing':
      return 'nothing';
  }
}

function phaseText(intent: OpenIntent): string {
  switch (intent.phase) {
    case 'intended':
      return `intended, may have been sent until ${minute(intent.sendBy)}`;
    case 'placed':
      return `placed on ${minute(intent.placedAt)}`;
    case 'issued':
      return 'issued, not published';
    case 'unknown':
      return `outcome unknown since ${minute(intent.since)}`;
  }
}

function problem(intent: OpenIntent): string | undefined {
  if (intent.phase === 'unknown') return intent.why;
  return intent.phase === 'issued' ? intent.problem : undefined;
}

function recipe(intent: OpenIntent, name: string): readonly Field[] {
  if (intent.phase !== 'unknown') return [];
  const resolve = `certwright resolve ${shellWord(name)}`;
  const ids = intent.candidates.length === 0 ? ['ID'] : intent.candidates;
  return [
    {
      label: 'to do',
      text: `look for the reference in the portal of ${terminalText(intent.provider)}; if it is there:`,
    },
    ...ids.map((id) => copy('', `${resolve} --order-id ${shellWord(id)}`)),
    { label: '', text: 'and if it is not:' },
    copy('', `${resolve} --not-placed`),
  ];
}

function intentSection(intent: OpenIntent, name: string, nowMs: number): Section {
  const why = problem(intent);
  const steps = intent.steps.length < 2 ? [] : intent.steps.map((step) => `${step.name} ${step.phase}`);
  const order = 'orderId' in intent ? intent.orderId : intent.request.predecessor?.orderId;
  return {
    title: `In progress: ${intent.action} at ${providerText(intent.provider, intent.environment)}`,
    fields: [
      { label: 'phase', text: phaseText(intent) },
      ...(why === undefined ? [] : [{ label: 'because', text: say(why) }]),
      ...(steps.length === 0 ? [] : [{ label: 'steps', text: say(steps.join(', ')) }]),
      { label: 'next', text: nextText(intent, nowMs) },
      ...(order === undefined ? [] : [copy('order', order)]),
      copy('reference', intent.request.reference),
      ...recipe(intent, name),
    ],
  };
}

/** One section per open intent: phase, next move, and the recipe where a person has to act. */
export const intentSections = (status: Status, nowMs: number): readonly Section[] =>
  status.intents.filter(isOpen).map((intent) => intentSection(intent, status.name, nowMs));
