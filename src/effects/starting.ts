// Starting runsvs, and carrying out whatever else the machine wants of a scan directory.
//
// Promises: every effect is answered before the next event is taken; what cannot be started is told.
// Must not: decide; that is ../machine/tree.ts. Read next: looking.ts.
import { type Bytes, type Fd, refused } from '../host/calls.ts';
import { monotonicMs } from '../host/clock.ts';
import { SIGTERM, SPAWN_AT_ONCE, SPAWN_FAILED, SPAWN_SETSID } from '../host/linux.ts';
import { sys } from '../host/sys.ts';
import { handleTree, type TreeEffect, type TreeEvent } from '../machine/tree.ts';
import { holderOf, type Locks, newLocks } from './holder.ts';
import { findProgram } from './program.ts';
import { readEnding } from './essential.ts';
import type { Live } from './tree-live.ts';

/** Names that our runsv would take for questions. */
const QUESTIONS: readonly Bytes[] = ['--help', '--version', '-h'];

const argumentFor = (name: Bytes): Bytes => (QUESTIONS.includes(name) ? `./${name}` : name);

const spawnRunsv = (live: Live, name: Bytes, flags: number): number =>
  sys.spawn(
    live.program,
    ['runsv', argumentFor(name)],
    [],
    '',
    live.input === null ? [] : [0, live.input],
    flags | (live.setsid ? SPAWN_SETSID : 0),
    -1 as Fd,
    '',
  );

/** Starts runsv on a name in the current directory; looks for it in PATH anew where it is no longer where it was. */
const startRunsv = (live: Live, name: Bytes, flags: number): number => {
  const pid = spawnRunsv(live, name, flags);
  if (pid > -SPAWN_FAILED) return pid;
  live.program = findProgram('runsv');
  return spawnRunsv(live, name, 0);
};

const tellNotStarted = (live: Live, name: Bytes, result: number): void => {
  if (result < -SPAWN_FAILED) live.voice.fatal(`unable to start runsv ${name}`, result + SPAWN_FAILED);
  else live.voice.warn(`unable to fork for runsv ${name}, trying again`, result);
};

type Starts = readonly { readonly name: string; readonly key: string }[];

/**
 * Starts every runsv asked for; the answers are one or two events. The first is awaited, so that a runsv that cannot be
 * executed is told at once; the others start side by side.
 */
const start = (live: Live, starts: Starts): readonly TreeEvent[] => {
  const runsvs: { key: string; pid: number }[] = [];
  const keys: string[] = [];
  for (const { name, key } of starts) {
    const pid = startRunsv(live, name, runsvs.length === 0 ? 0 : SPAWN_AT_ONCE);
    if (pid > 0) runsvs.push({ key, pid });
    else {
      keys.push(key);
      tellNotStarted(live, name, pid);
    }
  }
  const events: TreeEvent[] = [];
  if (runsvs.length > 0) events.push({ kind: 'started', runsvs });
  if (keys.length > 0) events.push({ kind: 'notStarted', keys });
  return events;
};

const lookForHolder = (live: Live, name: string, key: string, locks: Locks): readonly TreeEvent[] => {
  const pid = holderOf(`${live.dir}/${name}`, locks);
  if (pid === null || live.alien.has(pid)) return [];
  const pidfd = sys.pidfd(pid);
  if (refused(pidfd)) return [];
  live.alien.set(pid, pidfd);
  live.voice.warn(`runsv ${name} already runs as process ${pid}, taking it over`);
  return [{ kind: 'taken', name, key, pid }];
};

/** Where only the directory is supervised, no service is essential to us. */
const essentialOver = (live: Live, name: string, key: string): readonly TreeEvent[] => {
  const { container } = live;
  if (container === null) return [];
  const code = readEnding(`${live.dir}/${name}`);
  live.voice.warn(`essential service ${name} is over with exit code ${code}, ending everything`);
  container.news.push({ kind: 'essentialOver', code });
  return [{ kind: 'over', key }];
};

const perform = (live: Live, effect: TreeEffect, locks: Locks): readonly TreeEvent[] => {
  switch (effect.kind) {
    case 'start':
      return [];
    case 'term':
      sys.kill(effect.pid, SIGTERM);
      return [];
    case 'tellCrash':
      live.voice.warn(`runsv ${effect.name} was killed by signal ${effect.signal}, starting it again`);
      return [];
    case 'lookForHolder':
      return lookForHolder(live, effect.name, effect.key, locks);
    case 'essentialOver':
      return essentialOver(live, effect.name, effect.key);
  }
};

const isStart = (effect: TreeEffect): effect is Extract<TreeEffect, { kind: 'start' }> => effect.kind === 'start';

/** Hands one event to the machine, and every answer. `scanned` and `due` only from inside the scan directory. */
export const deliver = (live: Live, event: TreeEvent): void => {
  const queue: TreeEvent[] = [event];
  for (const next of queue) {
    const outcome = handleTree(live.tree, next, monotonicMs());
    live.tree = outcome.tree;
    const locks = newLocks();
    for (const effect of outcome.effects) queue.push(...perform(live, effect, locks));
    queue.push(...start(live, outcome.effects.filter(isStart)));
  }
};
