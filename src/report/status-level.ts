import type { Colors } from './layout.js';

/** How a state looks; what it is called is the caller's. */
export type StatusLevel = 'good' | 'busy' | 'waiting' | 'bad' | 'quiet';

export function levelColor(level: StatusLevel, colors: Colors): (text: string) => string {
  switch (level) {
    case 'good':
      return colors.green;
    case 'busy':
      return colors.cyan;
    case 'waiting':
      return colors.yellow;
    case 'bad':
      return colors.red;
    case 'quiet':
      return colors.dim;
  }
}
