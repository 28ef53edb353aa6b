import { dueOf, isPending, nextTellingMs } from '../../policy/telling.js';
import { heardThrough, type NewsSource, newsOf } from './news.js';

/** When people have to be told something next. */
export interface TellingAhead {
  /** Epoch ms; `nowMs` or earlier: now. Infinity: the clock alone brings nothing. */
  readonly nextMs: number;
  /** Something is due that could not be delivered: every run says so until it is. */
  readonly failing: boolean;
}

/** What is ahead of every channel; contacts nobody. */
export function tellingAhead(source: NewsSource, nowMs: number): TellingAhead {
  const { channels, memory } = source;
  if (channels.length === 0) return { nextMs: Infinity, failing: false };
  const news = newsOf(source, nowMs);
  let nextMs = Infinity;
  let failing = false;
  for (const channel of channels) {
    const heard = heardThrough(channel, source, news);
    const before = memory?.told?.[channel.name];
    nextMs = Math.min(nextMs, nextTellingMs(channel, heard, news, before, nowMs));
    failing ||= before?.failure !== undefined && isPending(dueOf(channel, heard, news, before, nowMs));
  }
  return { nextMs, failing };
}
