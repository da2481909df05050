// A fixed sample of the simulation (test/sim), so that `make unit` runs the supervisors through their whole lives and counts
// what they cover. `make sim` plays 100,000 of these.
import { expect, it } from 'vitest';
import { scanInvariants } from '../../sim/scan-invariants.ts';
import { playScan } from '../../sim/scan-scenario.ts';
import { serviceInvariants } from '../../sim/service-invariants.ts';
import { playService } from '../../sim/service-scenario.ts';

/** Each seed is a life. More than these cover nothing more. */
const SEEDS = 150;

const failing = (play: (seed: number) => readonly string[]): readonly string[] =>
  Array.from({ length: SEEDS }, (_, n) => n + 1).flatMap((seed) => play(seed).map((what) => `seed ${seed}: ${what}`));

it('a runsv keeps its promises over random lives', () => {
  expect(failing((seed) => playService(seed, serviceInvariants).failures)).toEqual([]);
});

it('a runsvdir keeps its promises over random lives', () => {
  expect(failing((seed) => playScan(seed, scanInvariants).failures)).toEqual([]);
});
