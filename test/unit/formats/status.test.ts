import { describe, expect, it } from 'vitest';
import { decodeStatus, encodeStatus, statLine, type Stat, type Status } from '../../../src/formats/status.ts';

const bytes = (hex: string): string => Buffer.from(hex.replaceAll(' ', ''), 'hex').toString('latin1');

const running: Status = {
  sec: 1763712000,
  nsec: 123456500,
  pid: 0x01020304,
  paused: false,
  want: 'up',
  gotTerm: false,
  phase: 'run',
};

describe('supervise/status', () => {
  it('has the label first, the pid little-endian, then paused, want, got TERM and phase', () => {
    expect(encodeStatus(running)).toBe(bytes('40000000 69201c0a 075bcbf4 04030201 00 75 00 01'));
  });

  const variants: readonly Status[] = [
    running,
    { ...running, paused: true },
    { ...running, want: 'down', gotTerm: true },
    { ...running, phase: 'finish', pid: 99 },
    { ...running, phase: 'down', pid: 0, want: 'down' },
    { ...running, pid: 4194304 },
  ];

  it.each(variants)('reads back as it was written: %j', (status) => {
    expect(decodeStatus(encodeStatus(status))).toEqual(status);
  });

  it.each([0, 18, 19, 21])('is not read from %d bytes', (count) => {
    expect(decodeStatus('\0'.repeat(count))).toBeNull();
  });

  it('without a known want has the one that need not be told', () => {
    const unsaid = (status: Status): string | undefined => {
      const bytes = encodeStatus(status);
      return decodeStatus(`${bytes.slice(0, 17)}\0${bytes.slice(18)}`)?.want;
    };
    expect([unsaid(running), unsaid({ ...running, pid: 0, want: 'up' })]).toEqual(['up', 'down']);
  });

  it('has no negative process number, whatever its bytes', () => {
    const all = encodeStatus(running).slice(0, 12) + '\xff'.repeat(4) + encodeStatus(running).slice(16);
    expect(decodeStatus(all)?.pid).toBe(0xffffffff);
  });

  it('is not read where the phase is none of the three', () => {
    expect(decodeStatus(encodeStatus(running).slice(0, 19) + '\x03')).toBeNull();
  });
});

describe('supervise/stat', () => {
  const lines: readonly (readonly [Stat, string])[] = [
    [{ phase: 'run', paused: false, gotTerm: false, want: 'up' }, 'run\n'],
    [{ phase: 'run', paused: true, gotTerm: false, want: 'up' }, 'run, paused\n'],
    [{ phase: 'run', paused: true, gotTerm: true, want: 'exit' }, 'run, paused, got TERM, want exit\n'],
    [{ phase: 'finish', paused: false, gotTerm: false, want: 'down' }, 'finish, want down\n'],
    [{ phase: 'down', paused: false, gotTerm: false, want: 'down' }, 'down\n'],
    [{ phase: 'down', paused: false, gotTerm: false, want: 'exit' }, 'down\n'],
  ];

  it.each(lines)('of %j is %j', (stat, line) => {
    expect(statLine(stat)).toBe(line);
  });
});
