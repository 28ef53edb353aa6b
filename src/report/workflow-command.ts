import { terminalText } from './escape.js';
import type { LineNote } from './line-notes.js';

/** https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands */
const data = (text: string): string =>
  text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');

const property = (text: string): string =>
  data(terminalText(text)).replaceAll(':', '%3A').replaceAll(',', '%2C');

type Level = 'error' | 'warning' | 'notice';

/** `::error file=a.yaml,line=3,col=5,title=…::…`: a line that the runner of GitHub Actions shows at that place. */
export function workflowCommand(
  level: Level,
  message: string,
  properties: Readonly<Record<string, string | number>> = {},
): string {
  const list = Object.entries(properties).map(([key, value]) => `${key}=${property(String(value))}`);
  const head = list.length === 0 ? level : `${level} ${list.join(',')}`;
  return `::${head}::${data(terminalText(message))}`;
}

const LEVELS: Readonly<Record<LineNote['level'], Level>> = {
  failure: 'error',
  warning: 'warning',
  notice: 'notice',
};

export const lineCommand = ({ level, file, line, column, title, message }: LineNote): string =>
  workflowCommand(LEVELS[level], message, { file, line, col: column, title });
