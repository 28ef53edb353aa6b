import { createHash } from 'node:crypto';
import { type Redact, redactor } from '../../http/redact.js';
import type { Configuration } from '../../model/configuration.js';
import type { Notice, NoticeLevel } from '../../model/notice.js';
import { channelSecrets, type NotificationConfig } from '../../model/notification.js';
import type { Secret, SecretSource } from '../../model/secret.js';
import { toInstant } from '../../model/time.js';
import type { Telling } from '../../policy/telling.js';
import type { DigestPart, Letter, LetterItem } from '../../report/letter.js';
import type { Context } from '../context.js';
import { resolveSecret } from '../secrets.js';
import type { Workplace } from '../workplace.js';
import { manifestLink } from './manifest-link.js';
import type { NewsSource } from './news.js';

/** What telling needs of the folder a run works in. */
export type TellingPlace = Pick<Workplace, 'deps' | 'local' | 'repository'>;

/** What of the repository a letter names. */
export interface Place {
  readonly context: Context;
  /** host/path */
  readonly remote: string;
  /** The approval branch. */
  readonly branch: string;
  readonly specs: NewsSource['specs'];
  /** Takes the credentials of the configuration out of a text, should one have got into it. */
  readonly redact: Redact;
}

/** A letter, whom it goes to where that is not the channel's own business, and what is told by it. */
export interface Envelope {
  readonly letter: Letter;
  /** Addresses; [] but for mail. */
  readonly to: readonly string[];
  readonly tellings: readonly Telling[];
  readonly digestMs?: number;
}

export function letterItem({ context, remote, branch, specs, redact }: Place, telling: Telling): LetterItem {
  const { certificate } = telling.notice;
  const position = certificate === undefined ? undefined : specs.get(certificate)?.position;
  const link = position && manifestLink(context, remote, branch, position);
  return {
    notice: hidden(telling.notice, redact),
    reminder: telling.reminder,
    ...(position === undefined ? {} : { file: `${position.file}:${position.line}` }),
    ...(link === undefined ? {} : { link }),
  };
}

const hidden = (notice: Notice, redact: Redact): Notice => ({
  ...notice,
  message: redact(notice.message),
  ...(notice.remedy === undefined ? {} : { remedy: redact(notice.remedy) }),
});

const ORDER: readonly NoticeLevel[] = ['attention', 'waiting', 'changed'];

/** One letter for each level, and for each set of addresses that is to get it. */
export function envelopesFor(
  place: Place,
  channel: NotificationConfig,
  tellings: readonly Telling[],
): readonly Envelope[] {
  return ORDER.flatMap((level) => {
    const groups = Map.groupBy(
      tellings.filter(({ notice }) => notice.level === level),
      ({ notice }) => JSON.stringify(addressesFor(channel, notice.owner)),
    );
    return [...groups].map(([to, own]): Envelope => {
      const key = own.map(({ notice, step }) => [notice.key, step]);
      const items = own.map((telling) => letterItem(place, telling));
      const letter = letterOf(place, channel, level, key, { items });
      return { letter, to: JSON.parse(to), tellings: own };
    });
  });
}

export function digestEnvelope(
  place: Place,
  channel: NotificationConfig,
  digestMs: number,
  parts: readonly DigestPart[],
): Envelope {
  const letter = letterOf(place, channel, 'digest', digestMs, {
    parts: parts.map((part) => ({
      ...part,
      lines: part.lines.map((line) => ({ ...line, text: place.redact(line.text) })),
    })),
  });
  return { letter, to: addressesFor(channel, undefined), tellings: [], digestMs };
}

/** To everybody the channel could reach. */
export function testEnvelope(place: Place, channel: NotificationConfig): Envelope {
  const letter: Letter = {
    ...letterOf(place, channel, 'attention', place.context.random.hex(8), {}),
    test: true,
  };
  const to = channel.type === 'email' ? [...channel.to, ...Object.values(channel.owners).flat()] : [];
  return { letter, to: [...new Set(to)], tellings: [] };
}

const letterOf = (
  { remote, context }: Place,
  channel: NotificationConfig,
  level: NoticeLevel,
  key: unknown,
  { items = [], parts = [] }: Partial<Pick<Letter, 'items' | 'parts'>>,
): Letter => ({
  id: createHash('sha256')
    .update(JSON.stringify([remote, channel.name, level, key]))
    .digest('hex')
    .slice(0, 32),
  level,
  repository: remote,
  at: toInstant(context.clock.now()),
  items,
  parts,
});

function addressesFor(channel: NotificationConfig, owner: string | undefined): readonly string[] {
  if (channel.type !== 'email') return [];
  return (
    (owner !== undefined && Object.hasOwn(channel.owners, owner) ? channel.owners[owner] : undefined) ??
    channel.to
  );
}

/** Shorter ones stand in words that have nothing to do with them. */
const SHORTEST_HIDDEN = 6;

/** Every credential of the configuration that can be read here. */
export function credentialsOf({ env }: Context, configuration: Configuration): Redact {
  const { providers, solvers, notifications } = configuration;
  const sources: readonly SecretSource[] = [
    ...[...Object.values(providers), ...Object.values(solvers)].flatMap(({ credentials }) =>
      Object.values(credentials),
    ),
    ...notifications.flatMap((channel) => Object.values(channelSecrets(channel))),
  ];
  const known = sources.flatMap((source): readonly Secret[] => {
    try {
      return [resolveSecret(source, env, 'a notification')];
    } catch {
      return [];
    }
  });
  return redactor(known.filter((secret) => secret.reveal().length >= SHORTEST_HIDDEN));
}
