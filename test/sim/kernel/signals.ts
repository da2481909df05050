// Signals: what each does to a process, and how a process ends.
//
// Promises: defaults, stopping, what waits while stopped, and who hears of an end (wait status, SIGCHLD, pidfd,
// closed pipes and locks) are Linux's. Process 1 does not die of what it did not ask for.
// Read next: processes.ts, behaviour.ts (reactions), conduct.ts.
import { SIGCHLD, SIGCONT, SIGKILL, SIGQUIT, SIGSTOP, SIGTERM } from '../../../src/abi/signals.ts';
import type { Reaction } from './behaviour.ts';
import { letGo } from './lifetime.ts';
import {
  SIGABRT,
  SIGBUS,
  SIGFPE,
  SIGILL,
  SIGSEGV,
  SIGSYS,
  SIGTRAP,
  SIGTSTP,
  SIGTTIN,
  SIGTTOU,
  SIGURG,
  SIGWINCH,
  SIGXCPU,
  SIGXFSZ,
} from './numbers.ts';
import { exitStatus, type Process, signalStatus } from './processes.ts';
import type { World } from './world.ts';

/** A signal's bit; the real-time ones have none. */
export const bitOf = (signal: number): number => (signal < 32 ? 1 << signal : 0);

const bits = (...signals: number[]): number => signals.reduce((all, signal) => all | bitOf(signal), 0);

const DROPPED = bits(SIGCHLD, SIGCONT, SIGURG, SIGWINCH);
const STOPPING = bits(SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU);
const DUMPING = bits(SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGXCPU, SIGXFSZ, SIGSYS);

/** Delivers a signal, or keeps it while the process is stopped. 0 only asks whether the process is there. */
export const send = (world: World, process: Process, signal: number): void => {
  if (signal === 0 || !process.live) return;
  const bit = bitOf(signal);
  if (signal === SIGCONT) resume(world, process);
  if (process.stopped && signal !== SIGKILL) process.pending |= bit;
  else deliver(world, process, signal, bit);
};

const deliver = (world: World, process: Process, signal: number, bit: number): void => {
  if ((process.caught & bit) !== 0) note(process, bit);
  else react(world, process, signal, bit);
};

const note = (process: Process, bit: number): void => {
  if (process.waiting) process.arriving |= bit;
  else process.noted |= bit;
};

const react = (world: World, process: Process, signal: number, bit: number): void => {
  const reaction = signal === SIGKILL || signal === SIGSTOP ? undefined : reactionTo(process, signal);
  // what a program was started with ignored stays so, unless it takes care of the signal itself
  if (reaction === undefined && (process.ignored & bit) !== 0) return;
  if (reaction === undefined || reaction === 'die') byDefault(world, process, signal, bit, reaction === 'die');
  else if (reaction !== 'ignore') exitLater(world, process, reaction.exitAfterMs, reaction.code);
};

const reactionTo = (process: Process, signal: number): Reaction | undefined => {
  const { behaviour } = process;
  return behaviour?.on?.[signal] ?? (signal === SIGTERM ? behaviour?.onTerm : undefined);
};

const byDefault = (world: World, process: Process, signal: number, bit: number, dies: boolean): void => {
  if (process.pid === 1 || (!dies && (DROPPED & bit) !== 0)) return;
  if (!dies && (STOPPING & bit) !== 0) stop(process, signal);
  else end(world, process, signalStatus(signal, world.coreDumps && (DUMPING & bit) !== 0));
};

const stop = (process: Process, signal: number): void => {
  process.stoppedBy = signal;
  process.news = 'stopped';
};

const resume = (world: World, process: Process): void => {
  if (!process.stopped) return;
  process.stoppedBy = 0;
  process.news = 'continued';
  const { pending, held } = process;
  process.pending = 0;
  process.held = [];
  for (let signal = 1; signal < 32; signal++) {
    if ((pending & bitOf(signal)) !== 0) send(world, process, signal);
  }
  for (const act of held) if (process.live) later(world, process, 0, act);
  process.wake();
};

/** Something that a process does a while from now, unless it has ended; a stopped one does it once it goes on. */
export const later = (world: World, process: Process, ms: number, act: () => void): void => {
  const run = (): void => {
    if (process.stopped) process.held.push(act);
    else act();
  };
  if (process.tasks.length > 16) process.tasks = process.tasks.filter((task) => task.act !== null);
  process.tasks.push(world.later(ms, run));
};

export const exitLater = (world: World, process: Process, ms: number, code: number): void =>
  later(world, process, ms, () => end(world, process, exitStatus(code)));

/** The process is no more, but for its zombie. */
export const end = (world: World, process: Process, status: number): void => {
  if (!process.live) return;
  process.state = 'zombie';
  process.status = status;
  process.stoppedBy = 0;
  if (process.record !== null) process.record.live--;
  for (const task of process.tasks) world.agenda.cancel(task);
  process.behaviour?.onEnd?.(process, world);
  for (const pipe of process.heard) pipe.unlisten(process);
  process.closeAll();
  letGo(process.cwd);
  if (process === world.processes.reaper) endAll(world, process);
  else orphan(world, process);
  tellParent(world, process);
};

/** Process 1 has ended, and with it everything. */
const endAll = (world: World, init: Process): void => {
  for (const process of world.processes.all()) {
    if (process !== init) end(world, process, signalStatus(SIGKILL, false));
  }
};

/** Who takes the children of a process that ends: its nearest ancestor that asked for them, else process 1. */
const heirOf = (world: World, process: Process): Process | null => {
  for (let at = process; at !== at.parent; at = at.parent) {
    if (at.parent.isSubreaper && at.parent.live) return at.parent;
  }
  return world.processes.reaper;
};

const orphan = (world: World, process: Process): void => {
  const reaper = heirOf(world, process);
  if (reaper === null) return;
  for (const child of process.children.splice(0)) {
    child.parent = reaper;
    reaper.children.push(child);
    if (!child.live) tellParent(world, child);
  }
};

/** The main program is told and waits for its children itself; everybody else does so at once. */
const tellParent = (world: World, process: Process): void => {
  const { parent } = process;
  if (!parent.isMain || !parent.live) world.processes.reap(process);
  else send(world, parent, SIGCHLD);
};
