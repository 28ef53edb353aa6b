import { describe, expect, it } from 'vitest';
import { withGrace } from '../../../../src/entry/daemon/grace.js';
import { CertError } from '../../../../src/model/errors.js';

/** A clock whose sleeps end when the test says so, or on their signal. */
function handClock() {
  const sleeping: { readonly ms: number; end(): void }[] = [];
  const clock = {
    sleep: (ms: number, signal?: AbortSignal) =>
      new Promise<void>((settle, fail) => {
        sleeping.push({ ms, end: settle });
        signal?.addEventListener('abort', () => fail(new CertError('interrupted', 'stopped')));
      }),
  };
  return { clock, sleeping };
}

function stopped() {
  const { promise: work, resolve: end, reject: fail } = Promise.withResolvers<void>();
  const stop = new AbortController();
  const { clock, sleeping } = handClock();
  let cuts = 0;
  const outcome = withGrace(work, clock, stop.signal, {
    graceMs: 150,
    momentMs: 5,
    cut: () => {
      cuts += 1;
    },
  });
  return { end, fail, stop, sleeping, outcome, cuts: () => cuts };
}

const turn = (): Promise<void> => new Promise((settle) => setImmediate(settle));

describe('a stop', () => {
  it('waits for the run in hand', async () => {
    const { stop, end, outcome, cuts } = stopped();
    stop.abort();
    await turn();
    end();
    expect([await outcome, cuts()]).toEqual(['in time', 0]);
  });

  it('cuts off what it waits for when the time is over, and waits a moment for what comes of it', async () => {
    const { stop, end, sleeping, outcome, cuts } = stopped();
    stop.abort();
    await turn();
    expect(sleeping.map(({ ms }) => ms)).toEqual([150]);
    sleeping[0]?.end();
    await turn();
    expect(cuts()).toBe(1);
    end();
    expect(await outcome).toBe('in time');
  });

  it('gives up what does not end then either', async () => {
    const { stop, sleeping, outcome } = stopped();
    stop.abort();
    await turn();
    sleeping[0]?.end();
    await turn();
    sleeping[1]?.end();
    expect(await outcome).toBe('given up');
  });

  it('is none where the work ends or fails by itself', async () => {
    const first = stopped();
    first.end();
    expect(await first.outcome).toBe('in time');
    const second = stopped();
    second.fail(new Error('defect'));
    await expect(second.outcome).rejects.toThrow('defect');
    expect(second.sleeping).toEqual([]);
  });
});
