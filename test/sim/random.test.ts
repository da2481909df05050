import { expect, test } from 'vitest';
import { Random } from './random.ts';

const drawn = (random: Random, count: number): readonly number[] => Array.from({ length: count }, () => random.word());

test('the same seed gives the same numbers, another seed others', () => {
  expect(drawn(new Random(7), 50)).toEqual(drawn(new Random(7), 50));
  expect(drawn(new Random(7), 50)).not.toEqual(drawn(new Random(8), 50));
  expect(drawn(new Random(2 ** 40), 50)).not.toEqual(drawn(new Random(0), 50));
});

test('neighbouring seeds have nothing in common', () => {
  const firsts = Array.from({ length: 1000 }, (_, seed) => new Random(seed).word());
  expect(new Set(firsts).size).toBe(1000);
  const ones = firsts.reduce((sum, word) => sum + (word & 1), 0);
  expect(Math.abs(ones - 500)).toBeLessThan(80);
});

test('whole numbers come evenly from their range, and from nowhere else', () => {
  const random = new Random(1);
  const counts = [0, 0, 0, 0, 0];
  for (let i = 0; i < 50_000; i++) {
    const number = random.int(5);
    counts[number] = (counts[number] ?? 0) + 1;
  }
  expect(counts.length).toBe(5);
  for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  for (let i = 0; i < 1000; i++) expect([3, 4, 5]).toContain(random.between(3, 5));
});

test('a chance is as likely as it says', () => {
  const random = new Random(3);
  let hits = 0;
  for (let i = 0; i < 20_000; i++) if (random.chance(0.25)) hits++;
  expect(Math.abs(hits - 5000)).toBeLessThan(300);
  expect(random.chance(0)).toBe(false);
  expect(random.chance(1)).toBe(true);
});

test('shuffling keeps everything and leaves the list alone', () => {
  const list = [1, 2, 3, 4, 5, 6, 7, 8];
  const shuffled = new Random(4).shuffled(list);
  expect(shuffled).not.toEqual(list);
  expect([...shuffled].sort()).toEqual(list);
  expect(list).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
});

test('a fork draws on its own', () => {
  const [one, other] = [new Random(5), new Random(5)];
  const fork = one.fork();
  other.fork();
  drawn(fork, 10);
  expect(drawn(one, 5)).toEqual(drawn(other, 5));
});

test('picking from nothing is a mistake that is told', () => {
  expect(() => new Random(6).pick([])).toThrow(RangeError);
});
