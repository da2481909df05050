import { describe, expect, it } from 'vitest';
import { Waiting } from '../../../src/log/waiting.ts';

describe('files that wait', () => {
  it('are taken in their order, and may go back in front', () => {
    const waiting = new Waiting(['a', 'b']);
    waiting.add('c');
    expect([waiting.take(), waiting.count]).toEqual(['a', 2]);
    waiting.putBack('a');
    waiting.putBack('0');
    expect([waiting.count, waiting.take(), waiting.take(), waiting.take(), waiting.take()]).toEqual([
      4,
      '0',
      'a',
      'b',
      'c',
    ]);
    expect([waiting.take(), waiting.count]).toEqual([undefined, 0]);
  });

  it('stay in order however many come and go', () => {
    const waiting = new Waiting([]);
    const taken: (string | undefined)[] = [];
    for (let n = 0; n < 100_000; n++) {
      waiting.add(String(n));
      if (n % 3 !== 0) taken.push(waiting.take());
    }
    while (waiting.count > 0) taken.push(waiting.take());
    expect(taken).toEqual(Array.from({ length: 100_000 }, (_, n) => String(n)));
  });
});
