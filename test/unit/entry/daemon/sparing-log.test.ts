import { describe, expect, it } from 'vitest';
import { createSparing } from '../../../../src/entry/daemon/sparing-log.js';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../../src/model/time.js';
import { manualClock } from '../../../support/manual-clock.js';
import { memoryLog } from '../../../support/memory-log.js';

function sparingLog() {
  const clock = manualClock();
  const whole = memoryLog();
  const sparing = createSparing(clock);
  const told = (): readonly string[] =>
    whole.lines
      .filter(({ level }) => level !== 'debug')
      .map(({ fields, message }) => [message, ...Object.values(fields)].join(' '));
  return { clock, whole, log: sparing(whole), sparing, told };
}

describe('a log that spares its readers', () => {
  it('says a trouble that lasts for three days a few times, and how often it was left out', () => {
    const { clock, whole, log, told } = sparingLog();
    for (let minute = 0; minute < 3 * 24 * 60; minute += 15) {
      log.warn({ code: 'repository.unavailable' }, 'run failed');
      clock.advance(15 * MINUTE_MS);
    }
    expect(told()).toEqual([
      'run failed repository.unavailable',
      'run failed repository.unavailable 3',
      'run failed repository.unavailable 23',
      'run failed repository.unavailable 95',
      'run failed repository.unavailable 95',
    ]);
    // Nothing is lost for who asks for everything.
    expect(whole.lines).toHaveLength(288);
  });

  it('keeps apart what differs in anything, also in what a child adds', () => {
    const { log, told } = sparingLog();
    for (let i = 0; i < 2; i++) {
      log.warn({ cert: 'a' }, 'alarm');
      log.warn({ cert: 'b' }, 'alarm');
      log.info({ cert: 'a' }, 'alarm');
      log.child({ provider: 'x' }).warn({ cert: 'a' }, 'alarm');
      log.child({ provider: 'y' }).warn({ cert: 'a' }, 'alarm');
    }
    expect(told()).toHaveLength(5);
  });

  it('shares what it knows among all logs it made', () => {
    const { whole, sparing, told } = sparingLog();
    for (const count of [1, 2, 3]) sparing(whole.child({ count })).warn({}, 'notice');
    expect(told()).toEqual(['notice 1']);
  });

  it('says it at once when it was quiet for long', () => {
    const { clock, log, told } = sparingLog();
    for (const pauseMs of [0, 2 * HOUR_MS, 10 * HOUR_MS, 5 * DAY_MS, HOUR_MS]) {
      clock.advance(pauseMs);
      log.error({}, 'run failed');
    }
    expect(told()).toHaveLength(5);
  });

  it('remembers no more than a thousand lines', () => {
    const { log, told } = sparingLog();
    for (let i = 0; i <= 1000; i++) log.warn({ i }, 'step');
    log.warn({ i: 1000 }, 'step');
    log.warn({ i: 0 }, 'step');
    expect(told()).toHaveLength(1002);
  });
});
