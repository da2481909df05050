// Virtual programs at work: their behaviour carried out, step by step, as time passes and pipes change.
//
// Promises: nothing happens between events; a program blocked on a full pipe waits for room, one that reads takes
// what is there; what it reads and writes is counted in its record.
// Read next: behaviour.ts (the data), signals.ts (ends), spawn.ts (who starts them).
import { EAGAIN, EPIPE } from '../../../src/abi/errno.ts';
import { SIGPIPE } from '../../../src/abi/signals.ts';
import type { Behaviour, Writing } from './behaviour.ts';
import type { Description } from './descriptors.ts';
import { BLOCKED } from './numbers.ts';
import { PipeEnd } from './pipes.ts';
import { exitStatus, Process, signalStatus } from './processes.ts';
import { end, later, send } from './signals.ts';
import type { World } from './world.ts';

const READ_MAX = 65536;

/** Begins what a process does from its start on. */
export const conduct = (world: World, process: Process, behaviour: Behaviour, key: string): void => {
  process.behaviour = behaviour;
  enlist(world, process, key);
  if (typeof behaviour.livesMs === 'number') later(world, process, behaviour.livesMs, () => finish(world, process));
  attend(world, process, behaviour);
  for (const child of behaviour.children ?? []) bear(world, process, child.key, child.behaviour);
  behaviour.onStart?.(process, world);
};

const enlist = (world: World, process: Process, key: string): void => {
  const record = world.recordOf(key);
  process.record = record;
  record.starts++;
  record.live++;
  if (record.live > record.mostLive) record.mostLive = record.live;
  if (record.live > 1) world.overlaps.push({ key, atMs: world.nowMs, live: record.live });
};

/** Ends as its behaviour says. */
const finish = (world: World, process: Process): void => {
  const exit = process.behaviour?.exit ?? 0;
  end(world, process, typeof exit === 'number' ? exitStatus(exit) : signalStatus(exit.signal, false));
};

/** Whatever it does with pipes, now and whenever they change. */
const attend = (world: World, process: Process, behaviour: Behaviour): void => {
  const jobs: (() => void)[] = [];
  if (behaviour.readsStdinUntilEof === true) jobs.push(reading(world, process, behaviour.keepsInput === true));
  for (const writing of behaviour.writes ?? []) jobs.push(writer(world, process, writing));
  if (jobs.length === 0) return;
  let woken = false;
  process.onWake = () => {
    if (woken) return;
    woken = true;
    later(world, process, 0, () => {
      woken = false;
      for (const job of jobs) if (process.live) job();
    });
  };
  process.wake();
};

/** The pipe at a descriptor wakes the process from now on. */
const hear = (process: Process, fd: number): Description | null => {
  const description = process.at(fd);
  if (description instanceof PipeEnd && !process.heard.includes(description.pipe)) {
    description.pipe.listen(process);
    process.heard.push(description.pipe);
  }
  return description;
};

const reading = (world: World, process: Process, keeps: boolean): (() => void) => {
  const input = hear(process, 0);
  return () => {
    for (;;) {
      const bytes = input?.read(READ_MAX) ?? '';
      if (typeof bytes === 'number') return;
      if (bytes === '') return finish(world, process);
      take(process, bytes, keeps);
    }
  };
};

const take = (process: Process, bytes: string, keeps: boolean): void => {
  const { record } = process;
  if (record === null) return;
  record.bytesRead += bytes.length;
  for (let at = bytes.indexOf('\n'); at >= 0; at = bytes.indexOf('\n', at + 1)) record.linesRead++;
  if (keeps) record.input += bytes;
};

/** Starts the clockwork of one writing; the result is to be called when there may be room again. */
const writer = (world: World, process: Process, writing: Writing): (() => void) => {
  const output = hear(process, writing.fd ?? 1);
  let backlog = '';
  let left = writing.times ?? (writing.everyMs === undefined ? 1 : Infinity);
  const tick = (): void => {
    backlog = writing.bytes;
    flush();
  };
  const flush = (): void => {
    if (backlog === '') return;
    backlog = push(world, process, output, backlog, (writing.fd ?? 1) === 1);
    if (backlog === '' && --left > 0) later(world, process, writing.everyMs ?? 0, tick);
  };
  later(world, process, writing.afterMs ?? 0, tick);
  return flush;
};

/** Writes what fits; the rest. Counted is what goes to standard output. */
const push = (
  world: World,
  process: Process,
  output: Description | null,
  bytes: string,
  isCounted: boolean,
): string => {
  let rest = bytes;
  while (rest !== '' && output !== null) {
    const put = output.write(rest);
    if (put === -EPIPE) send(world, process, SIGPIPE);
    // whatever else refuses it, a service goes on without
    if (put < 0) return put === BLOCKED || put === -EAGAIN ? rest : '';
    if (isCounted && process.record !== null) process.record.bytesWritten += put;
    rest = rest.slice(put);
  }
  return '';
};

/** A child that a virtual program starts: it holds what its parent holds. */
const bear = (world: World, parent: Process, key: string, behaviour: Behaviour): void => {
  const { processes, clock } = world;
  const child = new Process(processes.freePid(), parent, parent.cwd, clock.bootNs());
  child.path = key;
  child.argv = [key];
  child.ignored = parent.ignored;
  processes.add(child);
  for (let fd = 0; fd < parent.fds.length; fd++) {
    const description = parent.at(fd);
    if (description !== null) child.place(fd, description, true);
  }
  conduct(world, child, behaviour, behaviour.key ?? key);
};
