import { stat } from 'node:fs/promises';
import { basename, dirname, extname, resolve } from 'node:path';
import { CertError } from '../../model/errors.js';
import { terminalText } from '../../report/escape.js';
import { jsonText } from '../../report/json.js';
import type { Overview } from '../../report/overview/types.js';
import { certificatesOf, verdictOf } from '../../report/overview/words.js';
import type { Context } from '../context.js';
import { EXIT } from '../exit.js';
import { overviewOf } from '../overview/view.js';
import { lookAround } from '../situation.js';
import { statusRow } from '../status-rows.js';
import { openWorkplace } from '../workplace.js';
import { writeExported } from './export-files.js';
import type { Globals } from './globals.js';
import type { Options } from './program.js';
import { matches, refuseEmpty, selectionOf } from './selectors.js';

type Format = 'html' | 'markdown' | 'json' | 'ics';

const EXTENSIONS: Readonly<Record<string, Format>> = {
  '.html': 'html',
  '.htm': 'html',
  '.md': 'markdown',
  '.markdown': 'markdown',
  '.json': 'json',
  '.ics': 'ics',
};

const STDOUT = '-';

/** `certwright report`: how things stand, as the tips of the remote have it, in one file. No provider is asked. */
export async function run(
  context: Context,
  globals: Globals,
  options: Options,
  args: readonly string[],
): Promise<number> {
  const out = outOf(globals, options);
  const format = formatOf(out, globals, options);
  if (out !== STDOUT) await refuseSpecial(resolve(context.cwd, out));
  const selection = selectionOf(options, args);
  const workplace = await openWorkplace(context, globals);
  try {
    const situation = await lookAround(context, workplace.deps);
    const { configuration } = situation.reading;
    const rows = new Map(situation.entries.map((entry) => [entry.name, statusRow(entry, configuration)]));
    refuseEmpty(selection, [...rows.values()]);
    const { names, ...others } = selection;
    const view = overviewOf(situation, {
      selection: { ...(names.length === 0 ? {} : { names }), ...others },
      fits: ({ name }) => matches(selection, rows.get(name) ?? { name }),
    });
    context.progress.clear();
    const text = await render(view, format);
    if (out === STDOUT) context.print(text);
    else await write(context, globals, view, { out, format, text });
    return EXIT.fine;
  } finally {
    await workplace.close();
  }
}

/** `--json` without a file is the report as JSON, as it is the result of every other command. */
function outOf({ json }: Globals, { out }: Options): string {
  if (typeof out === 'string' && out !== '') return out;
  if (json) return STDOUT;
  throw new CertError('usage', 'where the report goes is not said', {
    remedy: 'name a file by --out report.html (or .md, .json, .ics), or print it by --out -',
  });
}

function formatOf(out: string, { json }: Globals, { format }: Options): Format {
  const asked = (['html', 'markdown', 'json', 'ics'] as const).find((one) => one === format);
  if (asked !== undefined) return asked;
  if (out === STDOUT) return json ? 'json' : 'html';
  const known = EXTENSIONS[extname(out).toLowerCase()];
  if (known !== undefined) return known;
  throw new CertError('usage', `${out} does not say what kind of report it is to be`, {
    remedy: 'end its name in .html, .md, .json or .ics, or say it by --format',
  });
}

/** A device or a folder would be replaced by the file. */
async function refuseSpecial(path: string): Promise<void> {
  const there = await stat(path).catch(() => undefined);
  if (there === undefined || there.isFile()) return;
  throw new CertError('usage', `${path} is no file`, {
    remedy: 'name a file by --out, or print it by --out -',
  });
}

async function render(view: Overview, format: Format): Promise<string> {
  switch (format) {
    case 'html': {
      const { overviewPage } = await import('../../report/page/page.js');
      const { pageAssets } = await import('../overview/assets.js');
      return overviewPage(view, await pageAssets());
    }
    case 'markdown':
      return (await import('../../report/overview/markdown.js')).overviewMarkdown(view);
    case 'json':
      return (await import('../../report/overview/json.js')).overviewJson(view);
    case 'ics':
      return (await import('../../report/overview/calendar.js')).overviewCalendar(view);
  }
}

async function write(
  context: Context,
  globals: Globals,
  view: Overview,
  { out, format, text }: { readonly out: string; readonly format: Format; readonly text: string },
): Promise<void> {
  const path = resolve(context.cwd, out);
  const file = { name: basename(path), content: text, secret: false };
  await writeExported([file], dirname(path), context.cwd);
  if (globals.json) {
    context.print(jsonText({ file: path, format, certificates: certificatesOf(view), counts: view.counts }));
    return;
  }
  context.print(`${terminalText(out)}: ${verdictOf(view)}`);
}
