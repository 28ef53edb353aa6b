import { describe, expect, test } from 'vitest';
import type { RequestRecord } from '../../../src/model/status.js';
import { toMs } from '../../../src/model/time.js';
import { conditionsOf } from '../../../src/policy/conditions.js';
import { openReissueRequest, replacementProgress } from '../../../src/policy/replacement.js';
import { ready } from '../../support/state.js';

const ASKED = '2026-11-22T12:00:00Z';
const DEADLINE = '2026-11-23T12:00:00Z';
const serialOf = (name: string) => ready(name).current?.serial ?? '';

const request = (name: string, parts: Partial<RequestRecord> = {}): RequestRecord => ({
  id: `r-${name}`,
  action: 'reissue',
  requestedAt: ASKED,
  reason: 'incident 7',
  serial: serialOf(name),
  replacement: 'm1',
  deadline: DEADLINE,
  ...parts,
});
const asked = (name: string, parts: Partial<RequestRecord> = {}) =>
  ready(name, { requests: [request(name, parts)] });
const record = { id: 'm1', askedAt: ASKED, deadline: DEADLINE, reason: 'incident 7', count: 4 };
const at = (instant: string, ...left: readonly string[]) =>
  replacementProgress(
    record,
    left.map((name) => asked(name)),
    toMs(instant),
  );

describe('how far a mass replacement is', () => {
  test('none yet', () => {
    expect(at('2026-11-22T13:00:00Z', 'a', 'b', 'c', 'd')).toEqual({
      record,
      done: 0,
      left: 4,
      verdict: 'not-started',
    });
  });

  test('half after six hours: the rest in six more, in time', () => {
    expect(at('2026-11-22T18:00:00Z', 'a', 'b')).toEqual({
      record,
      done: 2,
      left: 2,
      expectedAt: '2026-11-23T00:00:00Z',
      verdict: 'in-time',
    });
  });

  test('a quarter after twelve hours: too slow', () => {
    expect(at('2026-11-23T00:00:00Z', 'a', 'b', 'c')).toMatchObject({
      expectedAt: '2026-11-24T12:00:00Z',
      verdict: 'too-slow',
    });
  });

  test('one left at the deadline: missed; none left: done, however late', () => {
    expect(at(DEADLINE, 'a').verdict).toBe('missed');
    expect(at('2026-12-23T12:00:00Z').verdict).toBe('done');
  });

  test('what was replaced by another certificate, or archived, is not left', () => {
    const replaced = asked('a', { serial: 'ff00' });
    const archived = { ...asked('b'), archived: { at: ASKED } };
    const other = asked('c', { replacement: 'm2' });
    expect(replacementProgress(record, [replaced, archived, other], toMs(ASKED)).left).toBe(0);
  });
});

describe('a request with a deadline', () => {
  test('is void once another certificate is there', () => {
    expect(openReissueRequest(asked('a'))?.id).toBe('r-a');
    expect(openReissueRequest(asked('a', { serial: 'ff00' }))).toBeUndefined();
  });

  test('of two the nearest counts', () => {
    const status = ready('a', {
      requests: [
        request('a', { id: 'late', deadline: '2026-12-01T00:00:00Z' }),
        request('a', { id: 'soon' }),
      ],
    });
    expect(openReissueRequest(status)?.id).toBe('soon');
  });

  test('that was missed asks for attention, not before, and not of what is archived', () => {
    const reasons = (status = asked('a'), instant = DEADLINE) =>
      conditionsOf(status, toMs(instant))
        .filter(({ level }) => level === 'attention')
        .map(({ reason }) => reason);
    expect(reasons(asked('a'), '2026-11-23T11:59:59Z')).toEqual([]);
    expect(reasons()).toEqual(['NotReplaced']);
    expect(reasons({ ...asked('a'), archived: { at: ASKED } })).toEqual([]);
    expect(reasons(asked('a', { serial: 'ff00' }))).toEqual([]);
  });
});
