import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { signalName, signalNumber } from '../../../src/abi/signals.ts';

describe('names of signals', () => {
  it('are those of kill(1)', () => {
    const text = execFileSync('bash', ['-c', 'for n in {1..31}; do kill -l $n; done'], { encoding: 'utf8' });
    const names = Array.from({ length: 31 }, (_, at) => signalName(at + 1));
    expect(names).toEqual(text.trim().split('\n'));
  });

  it('are numbers where there is no name', () => {
    expect(signalName(40)).toBe('40');
  });

  it.each([
    ['TERM', 15],
    ['term', 15],
    ['SIGQUIT', 3],
    ['sigusr1', 10],
    ['9', 9],
    ['64', 64],
  ])('are read: %s', (text, signal) => expect(signalNumber(text)).toBe(signal));

  it.each(['', '0', '65', '100', 'TERMINATE', '-1', 'SIG', '1.5'])('are not read: %j', (text) =>
    expect(signalNumber(text)).toBeNull(),
  );
});
