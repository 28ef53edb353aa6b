import { CertError } from '../model/errors.js';
import { MINUTE_MS, SECOND_MS } from '../model/time.js';
import type { Clock } from '../ports/clock.js';
import type { SendGuard } from '../ports/provider.js';

const SEND_WINDOW_MS = MINUTE_MS;
const CLOCKS_AGREE_MS = 2 * SECOND_MS;
const CLOCK_ALLOWANCE_MS = 120 * SECOND_MS;
const READ_AGE_MS = MINUTE_MS;

/** Both clocks at one moment. */
export interface Moment {
  readonly wallMs: number;
  readonly monotonicMs: number;
}

export const momentOf = (clock: Clock): Moment => ({ wallMs: clock.now(), monotonicMs: clock.monotonic() });

/**
 * The last gate before the bytes of a paid call (DESIGN §4 step 3): wall clock before sendBy, less than a minute since
 * the intent was stamped on the monotonic clock, both clocks agree, and ours is within 120 s of the provider's.
 * @param stamped  when nonce and sendBy were written
 * @param server  provider's clock as last read, and when; undefined refuses
 */
export function sendGuard(
  clock: Clock,
  sendByMs: number,
  stamped: Moment,
  server: { readonly serverMs: number; readonly readAt: Moment } | undefined,
): SendGuard {
  return () => {
    const now = momentOf(clock);
    const elapsedMs = now.monotonicMs - stamped.monotonicMs;
    if (now.wallMs >= sendByMs || elapsedMs >= SEND_WINDOW_MS) {
      throw new CertError('send.too-late', 'the time to send this has passed; nothing was sent');
    }
    if (Math.abs(now.wallMs - stamped.wallMs - elapsedMs) > CLOCKS_AGREE_MS) {
      throw new CertError('send.clock', 'the wall clock was set while this was prepared; nothing was sent');
    }
    if (!server || now.monotonicMs - server.readAt.monotonicMs > READ_AGE_MS) {
      throw new CertError(
        'send.clock',
        "the provider's clock was not seen within the last minute; nothing was sent",
      );
    }
    const offsetMs = server.readAt.wallMs - server.serverMs;
    if (Math.abs(offsetMs) > CLOCK_ALLOWANCE_MS) {
      throw new CertError(
        'send.clock',
        `this machine's clock differs from the provider's by ${Math.round(offsetMs / SECOND_MS)} s; nothing was sent`,
        { remedy: 'set the clock (NTP) and run apply again' },
      );
    }
  };
}
