import type { Log } from '../../ports/log.js';
import type { OneRun } from './one-run.js';

/**
 * Says in the log what runs came to. An alarm that goes on and a file that is still wrong are said once, not at every
 * look; an alarm that ended is said, too.
 * @param log  leaves out what it said before
 * @param everything  leaves out nothing: what was done is said however often it is done
 */
export function createTeller(log: Log, everything: Log): (ended: OneRun) => void {
  let alarms: ReadonlySet<string> = new Set();
  let findings: ReadonlySet<string> = new Set();

  return ({ applied, conditions, code }) => {
    if (applied === undefined) {
      log.debug({}, 'nothing changed');
      return;
    }
    for (const { action, name, outcome, message } of applied.events) {
      const fields = { cert: name, action, outcome, text: message };
      if (outcome === 'done') everything.info(fields, 'step');
      else if (outcome === 'failed' || outcome === 'unknown') log.warn(fields, 'step');
      else log.info(fields, 'step');
    }
    const wrong = applied.findings
      .filter(({ severity }) => severity === 'error')
      .map(({ position: { file, line }, message }) => `${file}:${line} ${message}`);
    for (const text of wrong) if (!findings.has(text)) log.warn({ text }, 'file with an error');
    findings = new Set(wrong);
    const now = new Set<string>();
    for (const [cert, { level, reason, message }] of conditions) {
      const key = `${cert} ${reason}`;
      now.add(key);
      if (!alarms.has(key)) log.warn({ cert, level, reason, text: message }, 'alarm');
    }
    for (const key of alarms) if (!now.has(key)) log.info({ alarm: key }, 'alarm ended');
    alarms = now;
    log.info({ code, steps: applied.events.length, lines: applied.plan.items.length }, 'run ended');
  };
}
