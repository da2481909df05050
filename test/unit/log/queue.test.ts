import { describe, expect, it } from 'vitest';
import { FileQueue } from '../../../src/log/queue.ts';

describe('files that wait', () => {
  it('are taken in their order, and may go back in front', () => {
    const queue = new FileQueue(['a', 'b']);
    queue.push('c');
    expect([queue.shift(), queue.length]).toEqual(['a', 2]);
    queue.unshift('a');
    queue.unshift('0');
    expect([queue.length, queue.shift(), queue.shift(), queue.shift(), queue.shift()]).toEqual([4, '0', 'a', 'b', 'c']);
    expect([queue.shift(), queue.length]).toEqual([undefined, 0]);
  });

  it('stay in order however many come and go', () => {
    const queue = new FileQueue([]);
    const consumed: (string | undefined)[] = [];
    for (let n = 0; n < 100_000; n++) {
      queue.push(String(n));
      if (n % 3 !== 0) consumed.push(queue.shift());
    }
    while (queue.length > 0) consumed.push(queue.shift());
    expect(consumed).toEqual(Array.from({ length: 100_000 }, (_, n) => String(n)));
  });
});
