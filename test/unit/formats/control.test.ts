// The list of control bytes: what no type holds.
import { describe, expect, it } from 'vitest';
import * as signals from '../../../src/abi/signals.ts';
import { control, controlNames, signalByte } from '../../../src/formats/control.ts';

const NUMBERS: ReadonlyMap<string, number> = new Map(
  Object.entries(signals).filter((entry): entry is [string, never] => typeof entry[1] === 'number'),
);
const rows = controlNames.map((name) => ({ name, ...control[name] }));

describe('the control bytes', () => {
  it('are one byte each, and no byte has two meanings', () => {
    expect(rows.filter(({ byte }) => !/^[a-z0-9]$/.test(byte))).toEqual([]);
    expect(new Set(rows.map(({ byte }) => byte)).size).toBe(rows.length);
  });

  it('that are signals and nothing else have one', () => {
    expect(rows.filter(({ event, signal }) => event === 'signal' && signal === null)).toEqual([]);
  });

  it.each(rows.filter(({ signal }) => signal !== null))('$name names the signal that it sends', ({ text, signal }) => {
    expect(NUMBERS.get(text.replace('send ', 'SIG'))).toBe(signal);
  });

  it('are found by their signals, where that is all they mean', () => {
    expect([1, 14, 2, 3, 10, 12, 15].map(signalByte)).toEqual(['h', 'a', 'i', 'q', '1', '2', 't']);
    expect([9, 18, 19, 28].map(signalByte)).toEqual([undefined, undefined, undefined, undefined]);
  });

  it('of daemontools are those of its svc, in its order', () => {
    const letters = rows.filter(({ origin }) => origin === 'daemontools').map(({ byte }) => byte);
    expect(letters.join('')).toBe('udopchaitkx');
  });
});
