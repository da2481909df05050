// Records of utmp in both layouts, byte by byte. What glibc itself makes of them, test/compat shows.
import { describe, expect, it } from 'vitest';
import { findLogin, loggedOut, logoutRecord, UTMP_384, UTMP_400, type UtmpLayout } from '../../../src/formats/utmp.ts';

const put = (text: string, at: number, value: string): string =>
  text.slice(0, at) + value + text.slice(at + value.length);

const record = (layout: UtmpLayout, line: string, user: string): string => {
  const filled = put('z'.repeat(layout.size), 0, '\x07\0');
  return put(put(filled, 8, line.padEnd(32, '\0')), 44, user.padEnd(32, '\0'));
};

describe.each([
  ['384', UTMP_384],
  ['400', UTMP_400],
] as const)('a record of %s bytes', (_name, layout) => {
  const all = ['tty1', 'tty2', 'tty2'].map((line, at) => record(layout, line, at === 1 ? '' : 'root')).join('');

  it('is found by its line where it has a user', () => {
    expect(findLogin(all, 'tty1', layout)).toBe(0);
    expect(findLogin(all, 'tty2', layout)).toBe(2 * layout.size);
    expect(findLogin(all, 'tty', layout)).toBe(-1);
    expect(findLogin(all, 'tty11', layout)).toBe(-1);
  });

  it('is not found where it is cut short', () => {
    expect(findLogin(all.slice(0, -1), 'tty2', layout)).toBe(-1);
    expect(findLogin('', 'tty2', layout)).toBe(-1);
  });

  it('is found by a line that fills the field', () => {
    const line = 'x'.repeat(32);
    expect(findLogin(record(layout, line, 'u'), line, layout)).toBe(0);
  });

  it('loses type, user, host and the seconds, and nothing else', () => {
    const before = record(layout, 'tty1', 'root');
    const after = loggedOut(before, 0x01020304, layout);
    expect(after).toHaveLength(layout.size);
    expect(after.slice(0, 44)).toBe(`\x08\0${before.slice(2, 44)}`);
    expect(after.slice(44, 332)).toBe('\0'.repeat(288));
    expect(after.slice(332, layout.timeAt)).toBe(before.slice(332, layout.timeAt));
    const end = layout.timeAt + layout.timeBytes;
    expect(after.slice(layout.timeAt, end)).toBe('\x04\x03\x02\x01'.padEnd(layout.timeBytes, '\0'));
    expect(after.slice(end)).toBe(before.slice(end));
  });

  it('for wtmp has type, line and time only', () => {
    const made = logoutRecord('tty1', 5, layout);
    const bare = put(put('\0'.repeat(layout.size), 0, '\x08'), 8, 'tty1');
    expect(made).toBe(put(bare, layout.timeAt, '\x05'));
  });

  it('of a big-endian machine has the highest byte of each number first', () => {
    const big = { ...layout, bigEndian: true };
    const after = loggedOut(record(layout, 'tty1', 'root'), 0x01020304, big);
    expect(after.slice(0, 2)).toBe('\0\x08');
    expect(after.slice(layout.timeAt, layout.timeAt + layout.timeBytes)).toBe(
      '\x01\x02\x03\x04'.padStart(layout.timeBytes, '\0'),
    );
    expect(logoutRecord('tty1', 5, big).slice(0, 2)).toBe('\0\x08');
  });
});
