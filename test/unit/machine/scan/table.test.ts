// A scan directory: which runsv is started, stopped and awaited.
import { describe, expect, it } from 'vitest';
import {
  handleTree,
  newTree,
  nextStartMs,
  runningPids,
  type Tree,
  type TreeEvent,
  type TreeOutcome,
} from '../../../../src/machine/scan/table.ts';

const play = (tree: Tree, ...events: readonly (readonly [number, TreeEvent])[]): TreeOutcome =>
  events.reduce<TreeOutcome>((out, [ms, event]) => handleTree(out.tree, event, ms), { tree, effects: [] });

const scan = (...names: readonly string[]): TreeEvent => ({
  kind: 'scanned',
  found: names.map((each) => {
    const [name, key] = each.split('=');
    return { name: name ?? '', key: key ?? `k${each}` };
  }),
});
const runs = (key: string, pid: number): TreeEvent => ({ kind: 'started', runsvs: [{ key, pid }] });
const DUE: TreeEvent = { kind: 'due' };
const ends = (pid: number, code = 0, signal = 0): TreeEvent => ({ kind: 'ended', runsvs: [{ pid, code, signal }] });

const one = (): Tree => play(newTree(), [0, scan('a')], [0, runs('ka', 10)]).tree;

describe('a scan directory', () => {
  it('starts a runsv for each service, once', () => {
    expect(play(newTree(), [0, scan('a', 'b')]).effects).toEqual([
      { kind: 'start', name: 'a', key: 'ka' },
      { kind: 'start', name: 'b', key: 'kb' },
    ]);
    expect(play(one(), [9, scan('a')]).effects).toEqual([]);
    expect(play(newTree(), [0, scan('a=k', 'b=k')]).effects).toHaveLength(1);
  });

  it('leaves a service alone that was renamed, and uses the new name at its next start', () => {
    const renamed = play(one(), [9, scan('z=ka')]);
    expect(renamed.effects).toEqual([]);
    expect(play(renamed.tree, [5000, ends(10, 1)], [5000, DUE]).effects).toEqual([
      { kind: 'start', name: 'z', key: 'ka' },
    ]);
  });

  it('starts a runsv that died again, at once or a second after its last start', () => {
    expect(play(one(), [5000, ends(10, 1)], [5000, DUE]).effects).toEqual([{ kind: 'start', name: 'a', key: 'ka' }]);
    const soon = play(one(), [300, ends(10, 1)]);
    expect([soon.effects, nextStartMs(soon.tree)]).toEqual([[], 1000]);
    expect(play(soon.tree, [1000, DUE]).effects).toHaveLength(1);
    expect(play(soon.tree, [999, DUE]).effects).toEqual([]);
  });

  it('starts a runsv that was told to go again a second after its end, so that its end can be seen', () => {
    const gone = play(one(), [5000, ends(10)]);
    expect([gone.effects, nextStartMs(gone.tree)]).toEqual([[], 6000]);
  });

  it('reports a crash, and looks for the holder of a service that was taken', () => {
    expect(play(one(), [300, ends(10, -1, 9)]).effects).toEqual([{ kind: 'warnCrash', name: 'a', signal: 9 }]);
    expect(play(one(), [300, ends(10, 111)]).effects).toEqual([{ kind: 'lookForHolder', name: 'a', key: 'ka' }]);
  });

  it('takes over the runsv that holds a service, until that one ends', () => {
    const held = play(one(), [300, ends(10, 111)], [301, { kind: 'alreadySupervised', name: 'a', key: 'ka', pid: 99 }]);
    expect([nextStartMs(held.tree), runningPids(held.tree)]).toEqual([null, [99]]);
    expect(play(held.tree, [9000, ends(99, -1)], [9000, DUE]).effects).toEqual([
      { kind: 'start', name: 'a', key: 'ka' },
    ]);
    expect(play(one(), [300, { kind: 'alreadySupervised', name: 'a', key: 'ka', pid: 99 }]).tree).toEqual(one());
    expect(play(one(), [300, { kind: 'alreadySupervised', name: 'a', key: 'gone', pid: 99 }]).tree).toEqual(one());
  });

  it('sends TERM to what was removed, all at once', () => {
    const two = play(
      newTree(),
      [0, scan('a', 'b')],
      [
        0,
        {
          kind: 'started',
          runsvs: [
            { key: 'ka', pid: 10 },
            { key: 'kb', pid: 11 },
          ],
        },
      ],
    );
    expect(play(two.tree, [9, scan()]).effects).toEqual([
      { kind: 'term', pid: 10 },
      { kind: 'term', pid: 11 },
    ]);
  });

  it('waits for the runsv of a service that was replaced', () => {
    const replaced = play(one(), [9, scan('a=other')]);
    expect(replaced.effects).toEqual([{ kind: 'term', pid: 10 }]);
    expect([nextStartMs(replaced.tree), runningPids(replaced.tree)]).toEqual([10_009, [10]]);
    expect(play(replaced.tree, [50, ends(10)], [50, DUE]).effects).toEqual([
      { kind: 'start', name: 'a', key: 'other' },
    ]);
  });

  it('waits for the runsv of a service that was removed and came back', () => {
    const back = play(one(), [9, scan()], [20, scan('b=ka')]);
    expect(back.effects).toEqual([]);
    expect(play(back.tree, [50, ends(10)], [50, DUE]).effects).toEqual([{ kind: 'start', name: 'b', key: 'ka' }]);
  });

  it('tries again a second later what could not be started', () => {
    const refused = play(newTree(), [0, scan('a', 'b')], [7, { kind: 'notStarted', keys: ['ka', 'gone'] }]);
    expect(nextStartMs(refused.tree)).toBe(1007);
    const both = play(refused.tree, [7, { kind: 'notStarted', keys: ['kb'] }], [8, ends(1234)]);
    expect(nextStartMs(both.tree)).toBe(1007);
  });

  it('forgets a service that is gone before its runsv was started', () => {
    const refused = play(newTree(), [0, scan('a')], [0, { kind: 'notStarted', keys: ['ka'] }], [5, scan()]);
    expect([refused.effects, refused.tree.leaving, nextStartMs(refused.tree)]).toEqual([[], [], null]);
    expect(play(refused.tree, [6, runs('ka', 3)]).tree.wanted.size).toBe(0);
  });

  it('tells of an essential service that is over, and does not start it again if that means something', () => {
    const over = play(one(), [5000, ends(10, 125)]);
    expect(over.effects).toEqual([{ kind: 'essentialFinished', name: 'a', key: 'ka' }]);
    expect(nextStartMs(over.tree)).toBe(5000);
    expect(nextStartMs(play(over.tree, [5000, { kind: 'finished', key: 'ka' }]).tree)).toBe(null);
    expect(play(over.tree, [5000, { kind: 'finished', key: 'gone' }]).tree).toBe(over.tree);
  });
});

const STOP: TreeEvent = { kind: 'stop' };

describe('a scan directory that is brought down', () => {
  it('sends TERM to every runsv, and starts none any more', () => {
    const two = play(one(), [9, scan('a', 'b')], [9, runs('kb', 11)]).tree;
    const down = play(two, [20, STOP]);
    expect(down.effects).toEqual([
      { kind: 'term', pid: 10 },
      { kind: 'term', pid: 11 },
    ]);
    expect(play(down.tree, [30, ends(10)], [40, scan('a', 'b', 'c')], [9000, DUE]).effects).toEqual([]);
    expect(runningPids(play(down.tree, [30, ends(10)]).tree)).toEqual([11]);
    expect(nextStartMs(down.tree)).toBe(null);
  });

  it('does not hurry who was told to go before, unless told twice', () => {
    const leaving = play(one(), [9, scan('b')], [9, runs('kb', 11)]).tree;
    const down = play(leaving, [20, STOP]);
    expect(down.effects).toEqual([{ kind: 'term', pid: 11 }]);
    expect(play(down.tree, [2000, STOP]).effects).toEqual([
      { kind: 'term', pid: 10 },
      { kind: 'term', pid: 11 },
    ]);
  });

  it('forgets a service whose runsv is not there', () => {
    expect(play(newTree(), [0, scan('a')], [1, STOP]).effects).toEqual([]);
  });

  it('tells whoever holds a service that was taken by another runsv, and waits for that one', () => {
    const late = play(one(), [20, STOP], [21, ends(10, 111)]);
    expect(late.effects).toEqual([{ kind: 'lookForHolder', name: 'a', key: 'ka' }]);
    const held = play(late.tree, [22, { kind: 'alreadySupervised', name: 'a', key: 'ka', pid: 99 }]);
    expect(held.effects).toEqual([{ kind: 'term', pid: 99 }]);
    expect(runningPids(held.tree)).toEqual([99]);
    expect(runningPids(play(held.tree, [30, ends(99)]).tree)).toEqual([]);
  });
});

describe('a runsv that lingers', () => {
  const linger = (name: string): Tree => play(one(), [9, scan(name)]).tree;

  it('is reported and hurried once after ten seconds, and its newcomer starts anyway', () => {
    const waiting = linger('a=other');
    expect(nextStartMs(waiting)).toBe(10_009);
    expect(play(waiting, [10_008, DUE]).effects).toEqual([]);
    const late = play(waiting, [10_009, DUE]);
    expect(late.effects).toEqual([
      { kind: 'warnLingering', name: 'a', pid: 10 },
      { kind: 'term', pid: 10 },
      { kind: 'start', name: 'a', key: 'other' },
    ]);
    expect(runningPids(late.tree)).toEqual([10]);
    expect(play(late.tree, [10_009, runs('other', 11)], [30_000, DUE]).effects).toEqual([]);
  });

  it('keeps its directory: what came back to it is started when it has ended', () => {
    const late = play(linger('b'), [20, scan('a')], [10_009, DUE]);
    expect(late.effects).toEqual([
      { kind: 'warnLingering', name: 'a', pid: 10 },
      { kind: 'term', pid: 10 },
    ]);
    expect(nextStartMs(late.tree)).toBe(null);
    expect(play(late.tree, [11_000, ends(10)], [11_000, DUE]).effects).toEqual([
      { kind: 'start', name: 'a', key: 'ka' },
    ]);
  });

  it('does not matter while no newcomer waits for it', () => {
    const alone = linger('b');
    expect(play(alone, [0, runs('kb', 11)], [20_000, DUE]).effects).toEqual([]);
    expect(nextStartMs(play(alone, [0, runs('kb', 11)]).tree)).toBe(null);
    expect(play(alone, [0, runs('kb', 11)], [20_000, scan('a=new')]).effects.map(({ kind }) => kind)).toEqual([
      'term',
      'warnLingering',
      'term',
      'start',
    ]);
  });
});

describe('a service of another runsvdir', () => {
  it('is left alone until its runsv has ended, and then for two seconds more', () => {
    const theirs = play(one(), [300, ends(10, 111)], [301, { kind: 'elsewhere', key: 'ka' }]);
    expect([nextStartMs(theirs.tree), runningPids(theirs.tree)]).toEqual([null, []]);
    expect(nextStartMs(play(theirs.tree, [9000, { kind: 'free', key: 'ka' }]).tree)).toBe(11_000);
    expect(play(theirs.tree, [9000, scan()], [9001, { kind: 'free', key: 'ka' }]).tree.wanted.size).toBe(0);
    expect(play(one(), [300, { kind: 'elsewhere', key: 'ka' }]).tree).toEqual(one());
  });
});
