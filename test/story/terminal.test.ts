import { spawn } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';
import stringWidth from 'string-width';
import { expect, it, vi } from 'vitest';
import { describeWith } from '../support/system.js';
import { COMMAND, LONG_MS, type Team, teamOf } from './stage.js';

vi.setConfig({ testTimeout: LONG_MS });

interface OnTerminal {
  readonly args: string;
  /** Typed once this is on the screen. */
  readonly types?: { readonly after: RegExp; readonly keys: string };
  readonly env?: Readonly<Record<string, string>>;
}

interface Screen {
  readonly code: number | null;
  readonly bytes: string;
}

/** The command on a terminal of 80 columns and 24 lines. */
function onTerminal(team: Team, { args, types, env = {} }: OnTerminal): Promise<Screen> {
  const { NO_COLOR: _none, CI: _ci, ...usual } = team.env;
  const command = `stty cols 80 rows 24; exec '${process.execPath}' '${COMMAND}' ${args}`;
  const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    cwd: team.clone,
    env: { ...usual, TERM: 'xterm-256color', SHELL: '/bin/sh', ...env },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  let bytes = '';
  let typed = false;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    bytes += text;
    if (types === undefined || typed || !types.after.test(bytes)) return;
    typed = true;
    child.stdin.write(types.keys);
  });
  return new Promise((settle, fail) => {
    child.once('error', fail);
    child.once('close', (code) => settle({ code, bytes }));
  });
}

/** What stood on the screen, one entry for every line that was ever drawn. */
const linesOf = ({ bytes }: Screen): readonly string[] =>
  bytes.split(/\r?\n|\r/).map((line) => stripVTControlCharacters(line));

/** The begin of a colour, as terminals know it. */
const COLOR = '\u001b[3';

function looksRight(screen: Screen): void {
  const long = linesOf(screen).filter((line) => stringWidth(line) > 80);
  expect(long).toEqual([]);
  expect(stripVTControlCharacters(screen.bytes)).not.toContain('\u001b');
}

const PAID = `providers:
  internal:
    type: local-ca
    environment: live
    prices: { private-server: { 1y: { base: 10 USD } } }
policy:
  spending: { perOrder: 100 USD, perDay: 500 USD }
`;

const long = 'a-rather-long-label-that-goes-on';

describeWith(['script'], 'on a terminal of 80 columns', () => {
  it('plan, apply and status fit, colour is used and NO_COLOR heeded', async () => {
    const team = await teamOf({
      files: {
        'certificates/shop.yaml': 'domain: shop.example.com\n',
        [`certificates/team-with-a-long-name/${long}.yaml`]: `domains: [${long}.example.com, b.${long}.example.com, c.${long}.example.com]\nowner: a-team-whose-name-goes-on-and-on\n`,
      },
    });
    const planned = await onTerminal(team, { args: 'plan' });
    expect(planned.code, planned.bytes).toBe(0);
    looksRight(planned);
    expect(planned.bytes).toContain(COLOR);
    const plain = await onTerminal(team, { args: 'plan', env: { NO_COLOR: '1' } });
    expect(plain.bytes).not.toContain(COLOR);
    expect(linesOf(plain).join('\n')).toContain('order shop');

    const applied = await onTerminal(team, { args: 'apply' });
    expect(applied.code, applied.bytes).toBe(0);
    looksRight(applied);
    for (const args of ['status', 'status -o wide', 'show shop', 'validate', 'providers']) {
      const screen = await onTerminal(team, { args });
      expect(screen.code, args).toBe(0);
      if (args !== 'status -o wide') looksRight(screen);
    }
  });

  it('apply asks before money is spent; only yes does, and Ctrl-C ends it with 130', async () => {
    const team = await teamOf({
      providers: PAID,
      files: { 'certificates/shop.yaml': 'domain: shop.example.com\nterm: 1y\nmaxPrice: 10 USD\n' },
    });
    const before = await team.refs();
    const declined = await onTerminal(team, {
      args: 'apply',
      types: { after: /Only "yes" does/, keys: 'y\r' },
    });
    expect(declined.code, declined.bytes).toBe(0);
    expect(declined.bytes).toContain('nothing was done');
    for (const keys of ['\u0003', '\u0004']) {
      const stopped = await onTerminal(team, { args: 'apply', types: { after: /Only "yes" does/, keys } });
      expect(stopped.code, stopped.bytes).toBe(130);
      expect(stopped.bytes).not.toContain('error');
    }
    expect(await team.refs()).toEqual(before);
    const agreed = await onTerminal(team, {
      // A warning of more than 80 columns.
      args: 'apply --ping http://example.com/x',
      types: { after: /Only "yes" does/, keys: 'yes\r' },
    });
    expect(agreed.code, agreed.bytes).toBe(0);
    looksRight(agreed);
    expect(agreed.bytes).toContain('nobody is pinged');
    expect(await team.orders()).toHaveLength(1);
  });
});
