// What signals ask of a runsvdir that supervises a container.
import { describe, expect, it } from 'vitest';
import { endingSignals, optionalSignals, signalAction } from '../../../../src/machine/container/signals.ts';

describe('a signal to process 1', () => {
  it.each([15, 30, 37, 38])('%i asks for the end, with or without a main command', (signal) => {
    for (const command of [false, true]) expect(signalAction(signal, command)).toEqual({ kind: 'stop', code: 0 });
  });

  it.each([
    [1, 111],
    [2, 0],
    [3, 0],
  ])('%i asks for the end with code %i, or is for the main command', (signal, code) => {
    expect(signalAction(signal, false)).toEqual({ kind: 'stop', code });
    expect(signalAction(signal, true)).toEqual({ kind: 'forward', signal });
  });

  it.each([10, 12, 18, 28])('%i is for the main command or nobody', (signal) => {
    expect(signalAction(signal, false)).toEqual({ kind: 'nothing' });
    expect(signalAction(signal, true)).toEqual({ kind: 'forward', signal });
  });

  it('that a child has ended, or to look, asks for nothing here', () => {
    for (const signal of [14, 17]) expect(signalAction(signal, true)).toEqual({ kind: 'nothing' });
  });

  it('is caught wherever it has a meaning', () => {
    for (const command of [false, true]) {
      const caught = [...endingSignals, ...optionalSignals(command)];
      const meaningful = Array.from({ length: 64 }, (_, n) => n + 1).filter(
        (n) => signalAction(n, command).kind !== 'nothing',
      );
      expect([...caught].sort((a, b) => a - b)).toEqual(meaningful);
    }
  });
});
