import { describe, expect, it } from 'vitest';
import { commandFor, commands } from '../../../src/applets/sv/commands.ts';
import { LETTERS } from '../../../src/machine/letters.ts';

const sent = (typed: string, lsb = false): string | undefined => {
  const command = commandFor(typed, lsb);
  return command && `${command.bytes || command.name} ${command.waits} ${command.onTimeout}`;
};

describe('the commands of sv', () => {
  it('send only bytes that runsv knows', () => {
    const bytes = commands.flatMap((command) => [...command.bytes]);
    expect(bytes.filter((byte) => !LETTERS.includes(byte))).toEqual([]);
  });

  it('make every byte that runsv knows reachable', () => {
    const bytes = new Set(commands.flatMap((command) => [...command.bytes]));
    expect(LETTERS.filter((letter) => !bytes.has(letter))).toEqual([]);
  });

  it.each([
    ['u', 'u verbose timeout'],
    ['upstairs', 'u verbose timeout'],
    ['d', 'd verbose timeout'],
    ['exit', 'x verbose timeout'],
    ['x', 'x verbose timeout'],
    ['1', '1 verbose timeout'],
    ['start', 'u always timeout'],
    ['star', 'status verbose timeout'],
    ['stop', 'd always timeout'],
    ['shut', 'status verbose timeout'],
    ['shutdown', 'x always timeout'],
    ['check', 'check always timeout'],
    ['chec', 'c verbose timeout'],
    ['try-restart', 'tc always timeout'],
    ['try', 't verbose timeout'],
    ['restart', 'tcu always timeout'],
    ['reload', 'h always timeout'],
    ['force-stop', 'd always kill'],
    ['D', 'd always kill'],
    ['Down', 'd always kill'],
    ['T', 'tc always kill'],
    ['X', 'x always kill'],
    ['E', 'x always kill'],
    ['force-restart', 'tcu always kill'],
    ['', undefined],
    ['r', undefined],
    ['rest', undefined],
    ['f', undefined],
    ['force', undefined],
    ['K', undefined],
    ['?', undefined],
  ])('%j means %s', (typed, meaning) => {
    expect(sent(typed)).toBe(meaning);
  });

  it('of an init script with s are whole words', () => {
    expect(['status', 'start', 'stop', 'shutdown', 'stat', 's', 'u'].map((typed) => sent(typed, true)?.[0])).toEqual([
      's',
      'u',
      'd',
      'x',
      undefined,
      undefined,
      'u',
    ]);
  });
});
