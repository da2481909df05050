import { describe, expect, it } from 'vitest';
import {
  decodeHistory,
  encodeEvent,
  HISTORY_MAX,
  lastNumber,
  LINE_MAX,
  newestHalf,
  wholeLines,
} from '../../../src/formats/history.ts';

const place = { at: '2026-11-27T11:52:59.871Z', n: 13, lost: 0 };

describe('supervise/history.jsonl', () => {
  it('has an event a line, as the manual shows it', () => {
    expect(encodeEvent(place, { event: 'ended', pid: 4690, code: 1, ran: 0.213, cause: 'exit' })).toBe(
      '{"at":"2026-11-27T11:52:59.871Z","n":13,"event":"ended","pid":4690,"code":1,"ran":0.213,"cause":"exit"}\n',
    );
    expect(
      encodeEvent({ ...place, lost: 2 }, { event: 'ended', pid: 1, signal: 'KILL', ran: 2, cause: 'asked', oom: true }),
    ).toBe(
      '{"at":"2026-11-27T11:52:59.871Z","n":13,"lost":2,"event":"ended","pid":1,"signal":"KILL","ran":2,"cause":"asked","oom":true}\n',
    );
  });

  it('has short lines, whatever the words', () => {
    const long = '\x01\xff"'.repeat(1000);
    for (const event of [
      { event: 'failed', reason: long },
      { event: 'waiting', why: 'dependency', for: [long, long] },
    ] as const)
      expect(encodeEvent(place, event).length).toBeLessThanOrEqual(LINE_MAX);
    expect(encodeEvent(place, { event: 'waiting', why: 'delay', seconds: 2 })).toContain('"seconds":2');
  });

  it('is read back; what is no event is skipped', () => {
    const line = encodeEvent(place, { event: 'started', pid: 5 });
    const text = `${line}\n[1]\n{"at":1,"n":2,"event":"x"}\n{"at":"t","n":"2","event":"x"}\n{"at":"t","n":2}\n${line}{"torn`;
    expect(decodeHistory(text).map(({ n, event, members }) => [n, event, members['pid']])).toEqual([
      [13, 'started', 5],
      [13, 'started', 5],
    ]);
  });

  it('keeps its newest half in whole lines', () => {
    expect(newestHalf('a\nb\n')).toBe('a\nb\n');
    const lines = Array.from({ length: 900 }, (_, at) => `line ${at}\n`).join('');
    const kept = newestHalf(lines);
    expect(kept.length).toBeLessThanOrEqual(HISTORY_MAX / 2);
    expect(kept.length).toBeGreaterThan(HISTORY_MAX / 2 - 10);
    expect(lines.endsWith(kept) && kept.startsWith('line ')).toBe(true);
  });
});

describe('the end of a history', () => {
  const line = (n: number): string =>
    encodeEvent({ at: '2026-11-27T11:52:59.871Z', n, lost: 0 }, { event: 'started', pid: n });

  it('has the number of the last whole event', () => {
    expect(lastNumber(line(3) + line(4))).toBe(4);
    expect(lastNumber(line(3) + line(4).slice(0, -1))).toBe(3);
    expect(lastNumber(`${line(3)}{"at":"x","n":1.5,"event":"y"}\n{"at":"x","n":-1,"event":"y"}\n`)).toBe(3);
    expect(lastNumber('')).toBe(0);
  });

  it('is cut behind its last whole line', () => {
    expect(wholeLines('a\nb')).toBe('a\n');
    expect(wholeLines('a\n')).toBe('a\n');
    expect(wholeLines('b')).toBe('');
  });
});
