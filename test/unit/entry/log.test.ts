import { describe, expect, it } from 'vitest';
import { hiding } from '../../../src/entry/hiding.js';
import { logLevels } from '../../../src/entry/system/log.js';
import { memoryLog } from '../../support/memory-log.js';

const levels = (CERTWRIGHT_LOG?: string) => {
  const { level, components, problems } = logLevels(CERTWRIGHT_LOG === undefined ? {} : { CERTWRIGHT_LOG });
  return { level, components: Object.fromEntries(components), problems };
};

describe('CERTWRIGHT_LOG', () => {
  it.each([
    [undefined, { level: 'silent', components: {}, problems: [] }],
    ['', { level: 'silent', components: {}, problems: [] }],
    ['Debug', { level: 'debug', components: {}, problems: [] }],
    ['info,thesslstore=debug', { level: 'info', components: { thesslstore: 'debug' }, problems: [] }],
    [
      ' store = debug , git=silent',
      { level: 'silent', components: { store: 'debug', git: 'silent' }, problems: [] },
    ],
  ])('%s', (text, expected) => {
    expect(levels(text)).toEqual(expected);
  });

  it.each(['verbose', 'info,store=loud', 'a=b=debug', '=debug'])(
    '%s is told, and the rest of it counts',
    (text) => {
      const { problems } = levels(text);
      expect(problems).toHaveLength(1);
      expect(problems[0]).toMatch(
        /^CERTWRIGHT_LOG: ".+" is neither a level \(silent, error, warn, info, debug\) nor component=level$/,
      );
      expect(levels('info,store=loud').level).toBe('info');
    },
  );
});

describe('a log that hides texts', () => {
  it('does so in every spelling, at every level, in children, also those that were added later', () => {
    const log = memoryLog();
    const hidden = new Set<string>();
    const child = hiding(log, hidden).child({ provider: 'store' });
    hidden.add('+49 30 canary');
    hidden.add('US');
    child.debug(() => ({ sent: 'Phone=%2B49%2030%20canary&Country=US', ms: 3 }), 'called');
    child.warn({ error: 'no phone +49 30 canary' }, 'failed');
    expect(log.lines.map(({ fields }) => fields)).toEqual([
      { provider: 'store', sent: 'Phone=[redacted]&Country=US', ms: 3 },
      { provider: 'store', error: 'no phone [redacted]' },
    ]);
  });
});
