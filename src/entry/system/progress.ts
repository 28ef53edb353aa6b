import type { Progress } from '../../ports/log.js';
import { cutTo } from '../../report/layout.js';

/** One line on a terminal's stderr, replaced as work goes on. */
export interface ProgressLine extends Progress {
  /** Takes the line away, before anything else is printed. */
  clear(): void;
}

export function createProgress(stream: NodeJS.WriteStream): ProgressLine {
  let shown = false;
  return {
    step(message) {
      stream.write(`\r\u001b[2K${cutTo(message, (stream.columns ?? 80) - 1)}`);
      shown = true;
    },
    clear() {
      if (shown) stream.write('\r\u001b[2K');
      shown = false;
    },
  };
}
