// The order in which services are stopped, held by tsort. Read first: table.test.ts.
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import {
  type Dependents,
  handleTree,
  newTree,
  nextStartMs,
  type Tree,
  type TreeEffect,
  type TreeEvent,
} from '../../../../src/machine/scan/table.ts';
import { dependentsAmong, type Needy } from '../../../../src/machine/scan/waves.ts';
import { Random } from '../../../sim/kernel/kernel.ts';

/** A tree in which each of these has a runsv, whose number is its place plus 101. */
const running = (names: readonly string[]): Tree => {
  const found = names.map((name) => ({ name, key: `1:${name}` }));
  const scanned = handleTree(newTree(), { kind: 'scanned', found }, 0).tree;
  return handleTree(scanned, { kind: 'started', runsvs: found.map(({ key }, at) => ({ key, pid: 101 + at })) }, 0).tree;
};

const termed = (effects: readonly TreeEffect[]): readonly number[] =>
  effects.flatMap((effect) => (effect.kind === 'term' ? [effect.pid] : []));

interface Turn {
  readonly tree: Tree;
  readonly terms: readonly number[];
}

const step = (tree: Tree, event: TreeEvent, ms: number): Turn => {
  const outcome = handleTree(tree, event, ms);
  return { tree: outcome.tree, terms: termed(outcome.effects) };
};

const end = (...pids: number[]): TreeEvent => ({
  kind: 'ended',
  runsvs: pids.map((pid) => ({ pid, code: 0, signal: 0 })),
});

/** web needs cache and db, cache needs db. */
const DEPENDENTS: Dependents = new Map([
  ['db', ['web', 'cache']],
  ['cache', ['web']],
]);
const STOP: TreeEvent = { kind: 'stop', dependents: DEPENDENTS, hurryMs: 3500 };

describe('a stop', () => {
  it('goes in waves, each when those that need it have ended', () => {
    const first = step(running(['web', 'cache', 'db', 'other']), STOP, 0);
    expect(first.terms).toEqual([101, 104]);
    const second = step(first.tree, end(104), 100);
    expect(second.terms).toEqual([]);
    const third = step(second.tree, end(101), 200);
    expect(third.terms).toEqual([102]);
    const fourth = step(third.tree, end(102), 300);
    expect(fourth.terms).toEqual([103]);
    expect(nextStartMs(fourth.tree)).toBeNull();
  });

  it('waits for nobody when half of the time is over, or at a second request', () => {
    const first = step(running(['web', 'cache', 'db']), STOP, 0);
    expect(nextStartMs(first.tree)).toBe(3500);
    expect(step(first.tree, { kind: 'due' }, 3499).terms).toEqual([]);
    const late = step(first.tree, { kind: 'due' }, 3500);
    expect(late.terms).toEqual([102, 103]);
    expect(nextStartMs(late.tree)).toBeNull();
    expect(step(first.tree, { kind: 'stop' }, 1500).terms).toEqual([101, 102, 103]);
    expect(step(step(first.tree, { kind: 'stop' }, 1500).tree, { kind: 'due' }, 3500).terms).toEqual([]);
  });

  it('of services without dependencies goes to all at once', () => {
    for (const event of [{ kind: 'stop' }, { kind: 'stop', dependents: null, hurryMs: 9 }] as const) {
      expect(step(running(['a', 'b']), event, 0).terms).toEqual([101, 102]);
    }
    expect(step(running(['a', 'b']), { ...STOP, hurryMs: null }, 0).terms).toEqual([101, 102]);
  });

  it('holds nobody for one that does not run', () => {
    expect(step(running(['cache', 'db']), STOP, 0).terms).toEqual([101]);
  });
});

describe('services that leave the directory together', () => {
  const gone = (found: readonly string[]): TreeEvent => ({
    kind: 'scanned',
    found: found.map((name) => ({ name, key: `1:${name}` })),
    dependents: DEPENDENTS,
  });

  it('are stopped in waves, but wait no longer than ten seconds', () => {
    const first = step(running(['web', 'cache', 'db', 'other']), gone(['other']), 0);
    expect(first.terms).toEqual([101]);
    expect(nextStartMs(first.tree)).toBe(10_000);
    expect(step(first.tree, end(101), 50).terms).toEqual([102]);
    const late = step(first.tree, { kind: 'due' }, 10_000);
    expect(late.terms).toEqual([102, 103]);
    expect(nextStartMs(late.tree)).toBeNull();
  });

  it('hold those that come under their names', () => {
    const first = step(running(['web', 'db']), gone([]), 0);
    const again = step(first.tree, { kind: 'scanned', found: [{ name: 'db', key: '2:db' }] }, 10);
    expect(nextStartMs(again.tree)).toBe(10_000);
    const wave = step(again.tree, end(101), 100);
    expect(wave.terms).toEqual([102]);
    expect(nextStartMs(wave.tree)).toBe(10_100);
  });
});

const randomNeedy = (random: Random): readonly Needy[] => {
  const names = Array.from({ length: 2 + random.int(6) }, (_, at) => `s${at}`);
  const chance = random.fraction() * 0.6;
  return names.map((name) => ({ name, dependencies: [...names, 'gone'].filter(() => random.chance(chance)) }));
};

/** What coreutils makes of `before` in front of `after`. */
const hasLoop = (edges: readonly (readonly [before: string, after: string])[]): boolean =>
  spawnSync('tsort', { input: edges.map(([before, after]) => `${before} ${after}\n`).join('') }).status !== 0;

describe('random services', () => {
  it('are all stopped, in an order that tsort allows where there is one', () => {
    const random = new Random(3);
    for (let round = 0; round < 150; round++) {
      const needy = randomNeedy(random);
      const names = needy.map(({ name }) => name);
      let turn = step(running(names), { kind: 'stop', dependents: dependentsAmong(needy), hurryMs: 1000 }, 0);
      const order: number[] = [];
      while (turn.terms.length > 0) {
        order.push(...turn.terms);
        turn = turn.terms.reduce<Turn>(
          ({ tree, terms }, pid) => {
            const next = step(tree, end(pid), 1);
            return { tree: next.tree, terms: [...terms, ...next.terms] };
          },
          { tree: turn.tree, terms: [] },
        );
      }
      expect([...order].sort()).toEqual(names.map((_, at) => 101 + at));
      const edges = needy.flatMap(({ name, dependencies }) =>
        dependencies.filter((each) => each !== name && each !== 'gone').map((each) => [name, each] as const),
      );
      const ends = order.map((pid) => names[pid - 101] as string);
      const steps = ends.slice(1).map((name, at) => [ends[at] as string, name] as const);
      if (!hasLoop(edges)) expect(hasLoop([...edges, ...steps])).toBe(false);
    }
  });
});
