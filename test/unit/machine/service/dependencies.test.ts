// Dependencies: what is waited for, what is told to start, and cycles, held by tsort.
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { CONDITIONS, type Condition } from '../../../../src/formats/condition.ts';
import { pullOf, type Seen, verdictOn } from '../../../../src/machine/service/dependencies.ts';
import { wayTo } from '../../../../src/formats/dependency.ts';
import { Random } from '../../../sim/kernel/kernel.ts';

const seen = (condition: Condition, more: Partial<Seen> = {}): Seen => ({
  isThere: true,
  condition,
  isNormallyDown: false,
  isWantedUp: true,
  ...more,
});

const verdicts = (optional: boolean, more: Partial<Seen> = {}): Readonly<Record<string, readonly Condition[]>> => {
  const all: Record<string, Condition[]> = {};
  for (const condition of CONDITIONS) {
    const verdict = verdictOn(optional, seen(condition, more));
    all[verdict] = [...(all[verdict] ?? []), condition];
  }
  return all;
};

describe('a start', () => {
  it('waits for what is not ready and not done; what cannot tell is asked', () => {
    for (const isWantedUp of [true, false]) {
      expect(verdicts(false, { isWantedUp })).toEqual({
        met: ['reloading', 'ready', 'done'],
        ask: ['running'],
        unmet: ['unsupervised', 'finishing', 'stopping', 'unready', 'starting', 'waiting', 'backoff', 'failed', 'down'],
      });
    }
  });

  it('leaves out an optional one that will not come', () => {
    expect(verdicts(true, { isWantedUp: false })['met']).toEqual(['reloading', 'ready', 'failed', 'done', 'down']);
    expect(verdicts(true)['met']).toEqual(['reloading', 'ready', 'done']);
    expect(verdictOn(true, seen('unsupervised', { isNormallyDown: true }))).toBe('met');
    expect(verdictOn(true, seen('unsupervised', { isThere: false }))).toBe('met');
    expect(verdictOn(false, seen('unsupervised', { isThere: false }))).toBe('unmet');
  });

  it('that somebody asks for asks for what is not wanted up and not done', () => {
    expect(pullOf(false, seen('down', { isWantedUp: false }))).toBe('now');
    expect(pullOf(false, seen('failed', { isWantedUp: false }))).toBe('now');
    expect(pullOf(false, seen('done', { isWantedUp: false }))).toBe('never');
    expect(pullOf(false, seen('backoff'))).toBe('never');
    expect(pullOf(false, seen('unsupervised', { isWantedUp: false }))).toBe('later');
    expect(pullOf(true, seen('down', { isWantedUp: false }))).toBe('never');
  });
});

type Graph = ReadonlyMap<string, readonly string[]>;

const randomGraph = (random: Random): Graph => {
  const names = Array.from({ length: 2 + random.int(7) }, (_, at) => `s${at}`);
  const chance = random.fraction() * 0.5;
  return new Map(names.map((name) => [name, names.filter(() => random.chance(chance))]));
};

/** Whether coreutils finds a loop. An edge to oneself is none to tsort. */
const hasLoop = (graph: Graph): boolean => {
  const edges = [...graph].flatMap(([name, others]) => others.map((other) => `${other} ${name}\n`));
  return spawnSync('tsort', { input: edges.join('') }).status !== 0;
};

describe('a cycle', () => {
  it('is found where tsort finds a loop, and each way back leads along edges', () => {
    const random = new Random(11);
    let loops = 0;
    for (let round = 0; round < 200; round++) {
      const whole = randomGraph(random);
      const graph = new Map([...whole].map(([name, others]) => [name, others.filter((other) => other !== name)]));
      const namesOf = (name: string): readonly string[] => graph.get(name) ?? [];
      const ways = [...graph.keys()].map((name) => ({ name, way: wayTo(name, name, namesOf) }));
      for (const { name, way } of ways) {
        if (way === null) continue;
        for (const [step, to] of way.entries())
          expect(namesOf(step === 0 ? name : (way[step - 1] as string))).toContain(to);
        expect(way.at(-1)).toBe(name);
      }
      const isCyclic = ways.some(({ way }) => way !== null);
      expect(isCyclic).toBe(hasLoop(graph));
      if (isCyclic) loops++;
    }
    expect(loops).toBeGreaterThan(20);
    expect(loops).toBeLessThan(180);
  });

  it('is the shortest one, and may be a single edge', () => {
    const graph: Record<string, string[]> = { web: ['cache', 'db'], cache: ['db', 'web'], db: ['cache'], me: ['me'] };
    const namesOf = (name: string): readonly string[] => graph[name] ?? [];
    expect(wayTo('web', 'web', namesOf)).toEqual(['cache', 'web']);
    expect(wayTo('db', 'web', namesOf)).toEqual(['cache', 'web']);
    expect(wayTo('me', 'me', namesOf)).toEqual(['me']);
    expect(wayTo('me', 'web', namesOf)).toBeNull();
    expect(wayTo('none', 'web', namesOf)).toBeNull();
  });
});
