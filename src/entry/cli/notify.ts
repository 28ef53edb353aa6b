import { CertError } from '../../model/errors.js';
import type { NotificationConfig } from '../../model/notification.js';
import { dueOf } from '../../policy/telling.js';
import { say, terminalText } from '../../report/escape.js';
import { jsonText } from '../../report/json.js';
import { hang, type RenderOptions } from '../../report/layout.js';
import { headline } from '../../report/letter.js';
import type { Context } from '../context.js';
import { EXIT, type ExitCode } from '../exit.js';
import { newsAround } from '../notify/after-run.js';
import { credentialsOf, type Envelope, envelopesFor, type Place } from '../notify/letters.js';
import { heardThrough, type NewsSource, newsOf } from '../notify/news.js';
import { type Tested, testChannel } from '../notify/test-channel.js';
import { lookAround } from '../situation.js';
import { untilStopped } from '../system/until-stopped.js';
import { openWorkplace, type Workplace } from '../workplace.js';
import type { Globals } from './globals.js';
import type { Options } from './program.js';
import { withConfigurationFindings } from './refused.js';

/** `certwright notify`: shows what people would be told, or tries the channels. What is told is told by runs. */
export async function run(
  context: Context,
  globals: Globals,
  options: Options,
  args: readonly string[],
): Promise<number> {
  if (options.test === true && options.dryRun === true)
    throw new CertError('usage', '--test sends, --dry-run sends nothing', { remedy: 'give one of them' });
  return withConfigurationFindings(context, async () => {
    const workplace = await openWorkplace(context, globals);
    try {
      return await (options.test === true ? test : show)(context, globals, workplace, args);
    } finally {
      await workplace.close();
    }
  });
}

/** @throws CertError `usage` */
function chosen(
  channels: readonly NotificationConfig[],
  names: readonly string[],
): readonly NotificationConfig[] {
  const unknown = names.find((name) => !channels.some((channel) => channel.name === name));
  if (unknown !== undefined) {
    const known = channels.map(({ name }) => name).join(', ') || 'none';
    throw new CertError('usage', `there is no channel "${unknown}"`, { remedy: `there are: ${known}` });
  }
  return names.length === 0 ? channels : channels.filter(({ name }) => names.includes(name));
}

const noChannels = ({ width }: RenderOptions): string =>
  hang(
    '',
    'certwright.yaml on the approval branch has no notifications; docs/notifications.md shows how to add one.',
    width,
  ).join('\n');

/** What is found in the configuration of the approval branch: that is what runs go by. */
async function placeOf(context: Context, workplace: Workplace) {
  const situation = await lookAround(context, workplace.deps);
  const { configuration } = situation.reading;
  const source = newsAround(situation);
  if (configuration === undefined || source === undefined) {
    throw new CertError('config.invalid', 'certwright.yaml on the approval branch cannot be used', {
      remedy: 'run `certwright validate`',
    });
  }
  const place: Place = {
    context,
    remote: workplace.repository.remote,
    branch: configuration.branches.approval,
    specs: source.specs,
    redact: credentialsOf(context, configuration),
  };
  return { place, source };
}

async function test(
  context: Context,
  { json }: Globals,
  workplace: Workplace,
  names: readonly string[],
): Promise<ExitCode> {
  const { place, source } = await placeOf(context, workplace);
  const channels = chosen(source.channels, names);
  const results: Tested[] = [];
  for (const channel of channels) {
    context.progress.step(`trying ${channel.name}`);
    results.push(await untilStopped(testChannel(place, workplace, channel), context.signal, AT_THE_TEST));
  }
  context.progress.clear();
  const code = results.every(({ ok }) => ok) ? EXIT.fine : EXIT.error;
  if (json) context.print(jsonText({ channels: results, exitCode: code }));
  else if (results.length === 0) context.print(noChannels(context.render));
  else context.print(results.flatMap((result) => testedLines(result, context.render)).join('\n'));
  return code;
}

function testedLines({ name, type, ok, message }: Tested, { width }: RenderOptions): readonly string[] {
  const mark = ok ? '✓' : '✗';
  const [first = '', ...rest] = hang('  ', `${terminalText(name)} (${type}): ${say(message)}`, width);
  return [`${mark} ${first.trimStart()}`, ...rest];
}

const AT_THE_TEST = 'stopped at the test; whoever was told already was told';

interface Shown {
  readonly name: string;
  readonly type: NotificationConfig['type'];
  readonly envelopes: readonly Envelope[];
  readonly digest: boolean;
  /** Why nothing is told although something is due. */
  readonly held?: string;
}

async function show(
  context: Context,
  { json }: Globals,
  workplace: Workplace,
  names: readonly string[],
): Promise<ExitCode> {
  const { place, source } = await placeOf(context, workplace);
  const shown = chosen(source.channels, names).map((channel) => dueFor(context, place, source, channel));
  if (json) context.print(jsonText({ channels: shown.map(shownJson), exitCode: EXIT.fine }));
  else if (shown.length === 0) context.print(noChannels(context.render));
  else context.print(shown.flatMap((one) => shownLines(one, context.render)).join('\n'));
  return EXIT.fine;
}

function dueFor(context: Context, place: Place, source: NewsSource, channel: NotificationConfig): Shown {
  const nowMs = context.clock.now();
  const news = newsOf(source, nowMs);
  const memory = source.memory?.told?.[channel.name];
  const due = dueOf(channel, heardThrough(channel, source, news), news, memory, nowMs);
  const { name, type } = channel;
  const envelopes = envelopesFor(place, channel, due.tellings);
  const digest = due.digestMs !== undefined;
  if (due.heldTillMs === undefined) return { name, type, envelopes, digest };
  const held = memory?.failure === undefined ? 'another run is telling it' : memory.failure.message;
  return { name, type, envelopes, digest, held };
}

const shownJson = ({ name, type, envelopes, digest, held }: Shown): object => ({
  name,
  type,
  digest,
  ...(held === undefined ? {} : { held }),
  messages: envelopes.map(({ letter, to, tellings }) => ({
    id: letter.id,
    level: letter.level,
    ...(to.length === 0 ? {} : { to }),
    notices: tellings.map(({ notice, reminder }) => ({ ...notice, reminder })),
  })),
});

function shownLines(
  { name, type, envelopes, digest, held }: Shown,
  { width }: RenderOptions,
): readonly string[] {
  const nothing = envelopes.length === 0 && !digest;
  return [
    `${terminalText(name)} (${type})${nothing ? ': nothing to tell' : ''}`,
    ...(held === undefined || nothing ? [] : hang('  ', `not now: ${say(held)}`, width)),
    ...envelopes.flatMap(({ letter, to }) => [
      ...hang('  ', `${headline(letter)}${to.length === 0 ? '' : `, to ${to.join(', ')}`}`, width),
      ...letter.items.flatMap(({ notice: { certificate, message }, reminder }) =>
        hang(
          '    ',
          `${certificate ?? 'the repository'}: ${reminder ? 'still so: ' : ''}${say(message)}`,
          width,
        ),
      ),
    ]),
    ...(digest ? ['  the digest'] : []),
  ];
}
