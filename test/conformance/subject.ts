import type { CertificateSpec } from '../../src/model/manifest.js';
import type { Clock } from '../../src/ports/clock.js';
import type { Provider, ProviderDefinition } from '../../src/ports/provider.js';

/**
 * One provider on trial, freshly made for every test: an empty account (with money in it, where it has a balance) and
 * a clock that both sides follow.
 */
export interface ConformanceSubject {
  readonly definition: ProviderDefinition;
  readonly provider: Provider;
  /** The account that delivers what this one sells. */
  readonly deliverer?: Provider;
  /** The clock the provider was made with; `advance` moves it together with the other side's. */
  readonly clock: Clock;
  /** A well-formed order id nobody ever got. */
  readonly unknownOrderId: string;
  /** PEM roots, where the provider itself names none (`trust: 'public'`). */
  readonly roots?: readonly string[];
  /** A manifest this provider serves; `label` makes its names different from every other one's. */
  newSpec(label: string): CertificateSpec;
  advance(ms: number): Promise<void>;
  /** The CA does its work: what is pending is validated and signed when next looked at. */
  issue(): Promise<void>;
  /** The seller's own count of purchases, first orders and renewals alike. */
  purchases(): Promise<number>;
  /** The next writing call takes effect and its reply is lost. Absent where no reply can be lost. */
  loseNextReply?(): Promise<void>;
  /** A reissue gets an id of its own in this account, which the capabilities allow. */
  readonly reissueChangesId?: boolean;
  /** The next order that is placed ends as rejected. Absent where nothing is ever rejected. */
  rejectNext?(): Promise<void>;
  /** The next reissue that is taken ends as rejected, and its order goes on. Absent where none is ever rejected. */
  rejectNextReissue?(): Promise<void>;
  /** The seller books the next order twice, under one reference. Absent where that cannot happen. */
  bookNextTwice?(): Promise<void>;
  /** From now on no order shows to any search. Absent where nothing can be hidden. */
  hideOrders?(): Promise<void>;
  /** Calls the other side has seen. Absent where there is no other side. */
  requestsSeen?(): Promise<number>;
  /** The same account with credentials that are wrong. Absent where there are none. */
  withWrongCredentials?(): Promise<Provider>;
  /** Takes the other side down; the suite has called `provider.close()` before. */
  dispose(): Promise<void>;
}

export type SubjectFactory = () => Promise<ConformanceSubject>;
