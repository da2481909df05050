import { expect, test } from 'vitest';
import { CLOCK_BOOTTIME, CLOCK_MONOTONIC, CLOCK_REALTIME } from '../../../src/abi/flags.ts';
import { Random } from '../random.ts';
import { Agenda, Clock, MS_NS } from './time.ts';

const clock = (): Clock => new Clock(1_800_000_000, 4 * MS_NS);

test('things due happen in the order of their times, and of being put down where these are equal', () => {
  const random = new Random(1);
  const agenda = new Agenda();
  const done: (readonly [number, number])[] = [];
  for (let at = 0; at < 500; at++) {
    const atNs = random.int(50);
    agenda.add(atNs, () => done.push([atNs, at]));
  }
  while (agenda.nextNs < Infinity) agenda.take()();
  const sorted = done.toSorted(([oneNs, one], [otherNs, other]) => oneNs - otherNs || one - other);
  expect(done).toHaveLength(500);
  expect(done).toEqual(sorted);
});

test('what was cancelled neither happens nor counts as being due', () => {
  const agenda = new Agenda();
  const done: string[] = [];
  const first = agenda.add(1, () => done.push('first'));
  agenda.add(2, () => done.push('second'));
  const last = agenda.add(3, () => done.push('last'));
  agenda.cancel(first);
  expect(agenda.nextNs).toBe(2);
  agenda.take()();
  agenda.cancel(last);
  expect(agenda.nextNs).toBe(Infinity);
  expect(done).toEqual(['second']);
});

test('a step of the wall clock leaves the others alone', () => {
  const time = clock();
  const before = [time.read(CLOCK_MONOTONIC), time.read(CLOCK_BOOTTIME)];
  time.stepWall(1500.5);
  expect(time.read(CLOCK_REALTIME)).toEqual([1_800_000_001, 500_500_000]);
  time.stepWall(-3_600_000);
  expect(time.read(CLOCK_REALTIME)).toEqual([1_799_996_401, 500_500_000]);
  expect([time.read(CLOCK_MONOTONIC), time.read(CLOCK_BOOTTIME)]).toEqual(before);
});

test('a machine asleep counts boot time and wall time only', () => {
  const time = clock();
  time.nowNs += 250 * MS_NS;
  time.suspend(60_000);
  expect(time.read(CLOCK_MONOTONIC)).toEqual([1000, 250_000_000]);
  expect(time.read(CLOCK_BOOTTIME)).toEqual([1060, 250_000_000]);
  expect(time.read(CLOCK_REALTIME)).toEqual([1_800_000_060, 250_000_000]);
});

test('after a reboot only the wall clock has gone on', () => {
  const time = clock();
  time.nowNs += 5000 * MS_NS;
  time.reboot();
  expect(time.read(CLOCK_MONOTONIC)).toEqual([1000, 0]);
  expect(time.read(CLOCK_BOOTTIME)).toEqual([1000, 0]);
  expect(time.read(CLOCK_REALTIME)).toEqual([1_800_000_005, 0]);
});

test('file times move in ticks', () => {
  const time = clock();
  time.nowNs += 7.9 * MS_NS;
  expect(time.stamp()).toEqual([1_800_000_000, 4_000_000]);
});

test('there is no other clock', () => {
  expect(clock().read(42)).toBeUndefined();
});
