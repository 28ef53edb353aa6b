import { clip, terminalText } from './escape.js';
import { detailsOf, headline, type Letter, type LetterItem, MORE, SHOWN_ITEMS, TEST_TEXT } from './letter.js';

/** Invisible: parts what a chat would take for a mention, a link or an emoji. */
const BREAK = '\u200b';
const LONGEST_ITEM = 600;
/** Slack cuts a text at 40,000 characters, others far earlier. */
const LONGEST = 12_000;

const MARKUP: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '`': "'",
  '*': '\u2217',
  '~': '\u223c',
  '@': `@${BREAK}`,
  '#': `#${BREAK}`,
};

/**
 * A sentence from outside for Slack's mrkdwn, and for the Markdown of chats that take the same webhooks: neither formats,
 * mentions, links nor embeds anything. Slack knows no escapes but those of `&`, `<` and `>`
 * (https://docs.slack.dev/messaging/formatting-message-text), so marks become characters that look like them.
 */
function chatText(text: string): string {
  return clip(terminalText(text), LONGEST_ITEM)
    .trim()
    .replace(/[&<>`*~@#]/g, (mark) => MARKUP[mark] ?? mark)
    .replace(/(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g, '\u02cd')
    .replace(/\](?=[([])/g, `]${BREAK}`)
    .replace(/!(?=\[)/g, `!${BREAK}`)
    .replace(/\\/g, '\u2216')
    .replace(/\$(?=\S)/g, `$${BREAK}`)
    .replace(/\|/g, '\u2223')
    .replace(/:(?=\/\/|[a-z+-][\w+-]*:)/gi, `:${BREAK}`)
    .replace(/(www)\./gi, `$1${BREAK}.`)
    .replace(/\b(mailto|tel):/gi, `$1${BREAK}:`);
}

const PLAIN = /^[\w.+:/-]+$/;

/** Names and ids, in a code span where nothing of them could end it. */
const chatCode = (text: string): string => (PLAIN.test(text) ? `\`${text}\`` : chatText(text));

/** An address of ours as a link. */
const link = (url: string, text: string): string =>
  `<${encodeURI(decodeURI(url)).replaceAll('|', '%7C').replaceAll('>', '%3E')}|${text}>`;

/** The text of a message for an incoming webhook of Slack, Mattermost or Rocket.Chat. */
export function letterChat(letter: Letter): string {
  const { items, parts, repository } = letter;
  const shown = items.slice(0, SHOWN_ITEMS);
  const text = [
    `*certwright: ${headline(letter)}* in ${chatCode(repository)}`,
    ...(letter.test ? [TEST_TEXT] : []),
    ...shown.map(itemText),
    ...(items.length > shown.length ? [`and ${items.length - shown.length} more`] : []),
    ...parts.flatMap(({ title, lines, left }) => [
      `*${title}*`,
      ...lines.map(
        ({ name, text }) => `• ${name === undefined ? '' : `${chatCode(name)}: `}${chatText(text)}`,
      ),
      ...(left > 0 ? [`and ${left} more`] : []),
    ]),
    ...(letter.level === 'digest' ? [MORE] : []),
  ].join('\n');
  return text.length <= LONGEST ? text : `${text.slice(0, text.lastIndexOf('\n', LONGEST))}\n…`;
}

function itemText(item: LetterItem): string {
  const { notice, link: manifest, file } = item;
  const { certificate, owner, message, url } = notice;
  const whose = owner === undefined ? '' : ` (${chatText(owner)})`;
  const links = [
    ...(url === undefined ? [] : [link(url, 'answer')]),
    ...(manifest === undefined ? (file === undefined ? [] : [chatCode(file)]) : [link(manifest, 'manifest')]),
  ];
  return [
    `• ${certificate === undefined ? 'the repository' : chatCode(certificate)}${whose}: ${chatText(message)}`,
    ...detailsOf(item).map(chatText),
    ...links,
  ].join('\n    ');
}
