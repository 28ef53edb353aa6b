import { httpClientOnDemand } from '../../http/on-demand.js';
import { CertError } from '../../model/errors.js';
import { MINUTE_MS, SECOND_MS } from '../../model/time.js';
import type { Diagnosis } from '../../report/doctor-text.js';
import { CLOCK_LIMIT_MS } from '../account-check.js';
import type { Context } from '../context.js';
import { line } from './line.js';

/** Whose clock, and by how much it is ahead of this one, ms. */
export interface OtherClock {
  readonly who: string;
  readonly aheadMs: number;
}

const REMEDY = 'let the machine keep its time (chrony, systemd-timesyncd)';

/** This machine's clock against those that were told; the one that differs most decides. Pure. */
export function clockLine(clocks: readonly OtherClock[]): Diagnosis {
  const [worst] = clocks.toSorted((a, b) => Math.abs(b.aheadMs) - Math.abs(a.aheadMs));
  if (worst === undefined) return line('clock', 'ok', 'nobody tells the time here, so it was not compared');
  const { who, aheadMs } = worst;
  const seconds = Math.round(Math.abs(aheadMs) / SECOND_MS);
  const how = aheadMs > 0 ? 'behind' : 'ahead of';
  if (Math.abs(aheadMs) > CLOCK_LIMIT_MS) {
    const limit = CLOCK_LIMIT_MS / SECOND_MS;
    const message = `this clock is ${seconds} s ${how} that of ${who}; beyond ${limit} s nothing paid is sent`;
    return line('clock', 'problem', message, REMEDY);
  }
  return Math.abs(aheadMs) > MINUTE_MS
    ? line('clock', 'warning', `this clock is ${seconds} s ${how} that of ${who}`, REMEDY)
    : line('clock', 'ok', `this clock is within ${seconds} s of that of ${who}`);
}

const HOST = /^[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::\d+)?$/i;

/**
 * The clock of the host of the repository, from the `Date` of a page of it; undefined where none answers by https.
 * @param remote  as host/path
 */
export async function hostClock(
  { clock, log }: Pick<Context, 'clock' | 'log'>,
  remote: string,
): Promise<OtherClock | undefined> {
  const [host = ''] = remote.split('/');
  if (!HOST.test(host)) return undefined;
  const http = httpClientOnDemand({
    baseUrl: `https://${host}`,
    log,
    clock,
    timeouts: { connectMs: 3 * SECOND_MS, callMs: 5 * SECOND_MS, totalMs: 6 * SECOND_MS },
    maxResponseBytes: 1_000_000,
    redact: [],
  });
  try {
    const { dateMs } = await http.read({ method: 'GET', path: '/robots.txt' });
    return dateMs === undefined ? undefined : { who: host, aheadMs: dateMs - clock.now() };
  } catch (error) {
    if (!(error instanceof CertError) || error.code === 'interrupted') throw error;
    return undefined;
  } finally {
    await http.close();
  }
}
