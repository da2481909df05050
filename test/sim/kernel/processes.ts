// Processes: who is whose parent, what they hold, how they end.
//
// Promises: pids, zombies, orphans, sessions and wait statuses are as on Linux. A pid is free again only after its
// zombie was waited for.
// Read next: signals.ts (what ends them), conduct.ts (what makes virtual ones live), spawn.ts (how they start).
import { EBADF, EMFILE } from '../../../src/abi/errno.ts';
import { O_NONBLOCK, POLLHUP, POLLIN } from '../../../src/abi/flags.ts';
import type { Behaviour, ProgramRecord } from './behaviour.ts';
import { Description } from './descriptors.ts';
import type { Inode } from './inode.ts';
import { letGo } from './lifetime.ts';
import { BLOCKED, WCONTINUED, WUNTRACED } from './numbers.ts';
import type { Actor } from './paths.ts';
import type { Listener, Pipe } from './pipes.ts';
import type { Task } from './time.ts';

const CONTINUED_STATUS = 0xffff;
const CORE_BIT = 0x80;

/** The raw wait status of an exit, a death by signal, a stop. */
export const exitStatus = (code: number): number => (code & 255) << 8;
export const signalStatus = (signal: number, core: boolean): number => signal | (core ? CORE_BIT : 0);
const stopStatus = (signal: number): number => (signal << 8) | 0x7f;

export class Process implements Actor, Listener {
  readonly pid: number;
  parent: Process;
  readonly children: Process[] = [];
  group: number;
  session: number;
  state: 'live' | 'zombie' | 'gone' = 'live';
  /** The raw wait status, once it has ended. */
  status = 0;
  stoppedBy = 0;
  /** Orphans of its descendants come to it instead of to process 1. */
  isSubreaper = false;
  /** What waitpid has not been told yet. */
  news: 'none' | 'stopped' | 'continued' = 'none';

  /** Open descriptors, by number. */
  readonly fds: (Description | null)[] = [];
  /** Which of them stay open over execve. */
  readonly kept: boolean[] = [];
  fdLimit = 1024;
  cwd: Inode;
  uid = 0;
  gid = 0;
  umask = 0o022;

  /** Signals as bits: 1 << number for the first 31, the others have no bit and always get their default. */
  caught = 0;
  ignored = 0;
  /** Caught and not taken yet. */
  noted = 0;
  /** Caught during a wait, which they end; noted when the wait returns, as a handler would. */
  arriving = 0;
  waiting = false;
  /** Sent while stopped. */
  pending = 0;

  path = '';
  executable: Inode | null = null;
  argv: string[] = [];
  env: readonly string[] = [];
  /** Since boot. */
  readonly startedNs: number;
  /** Null for the main program, and for process 1 and the outsider, who do nothing by themselves. */
  behaviour: Behaviour | null = null;
  /** The program under test: it waits for its own children and catches signals. */
  readonly isMain: boolean;
  record: ProgramRecord | null = null;
  /** What is still due for it. */
  tasks: Task[] = [];
  /** What came due while it was stopped. */
  held: (() => void)[] = [];
  /** The pipes that wake it, and what it then does; conduct.ts puts them here. */
  readonly heard: Pipe[] = [];
  onWake: (() => void) | null = null;

  constructor(pid: number, parent: Process | null, cwd: Inode, startedNs: number, isMain = false) {
    this.isMain = isMain;
    this.pid = pid;
    this.parent = parent ?? this;
    this.group = parent?.group ?? pid;
    this.session = parent?.session ?? pid;
    this.startedNs = startedNs;
    this.cwd = cwd;
    cwd.holders++;
  }

  get live(): boolean {
    return this.state === 'live';
  }

  get stopped(): boolean {
    return this.stoppedBy !== 0;
  }

  wake(): void {
    this.onWake?.();
  }

  enter(directory: Inode): void {
    directory.holders++;
    const left = this.cwd;
    this.cwd = directory;
    letGo(left);
  }

  /** Whether another descriptor may be opened. */
  get hasRoom(): boolean {
    return this.freeFd() < this.fdLimit;
  }

  hasRoomFor(count: number): boolean {
    let used = 0;
    for (const description of this.fds) if (description !== null) used++;
    return used + count <= this.fdLimit;
  }

  freeFd(): number {
    const { fds } = this;
    for (let fd = 0; fd < fds.length; fd++) if (fds[fd] === null) return fd;
    return fds.length;
  }

  /** Puts a description under the lowest free number; -EMFILE where there is none. */
  install(description: Description, kept = false): number {
    const fd = this.freeFd();
    if (fd >= this.fdLimit) return -EMFILE;
    this.place(fd, description, kept);
    return fd;
  }

  /** Puts a description under this number, in place of what was there. */
  place(fd: number, description: Description, kept: boolean): void {
    description.hold();
    while (this.fds.length <= fd) this.fds.push(null);
    const old = this.fds[fd];
    this.fds[fd] = description;
    this.kept[fd] = kept;
    old?.release();
  }

  at(fd: number): Description | null {
    return this.fds[fd] ?? null;
  }

  close(fd: number): number {
    const description = this.at(fd);
    if (description === null) return -EBADF;
    this.fds[fd] = null;
    description.release();
    return 0;
  }

  /** What execve closes. */
  closeUnkept(): void {
    for (let fd = 0; fd < this.fds.length; fd++) if (this.kept[fd] !== true) this.close(fd);
  }

  closeAll(): void {
    for (let fd = 0; fd < this.fds.length; fd++) this.close(fd);
  }

  lead(): void {
    this.session = this.pid;
    this.group = this.pid;
  }
}

/** A descriptor that watches for a process's end. */
export class PidFd extends Description {
  readonly process: Process;

  constructor(process: Process) {
    super(O_NONBLOCK, null);
    this.process = process;
  }

  override poll(): number {
    const { state } = this.process;
    return state === 'live' ? 0 : state === 'zombie' ? POLLIN : POLLIN | POLLHUP;
  }

  protected override released(): void {
    // a process does not mind
  }
}

/** The processes of a machine, by pid. */
export class ProcessTable {
  /** Process 1, which orphans go to. */
  reaper: Process | null = null;
  /** How many may live at once, zombies included. */
  limit = Infinity;
  count = 0;
  #byPid: (Process | undefined)[] = [];
  readonly #firstPid: number;
  readonly #lastPid: number;
  #next: number;

  constructor(firstPid: number, lastPid: number) {
    this.#firstPid = firstPid;
    this.#next = firstPid;
    this.#lastPid = lastPid;
  }

  /** The lowest pid not tried yet; after the last one, from 2 on, what is free. */
  freePid(): number {
    for (let tried = 0; tried <= this.#lastPid; tried++) {
      if (this.#next > this.#lastPid) this.#next = 2;
      const pid = this.#next++;
      if (this.#byPid[pid] === undefined) return pid;
    }
    throw new RangeError('a scenario used up all pids; set processes.limit');
  }

  /** Nobody was ever here. */
  clear(): void {
    this.#byPid = [];
    this.#next = this.#firstPid;
    this.count = 0;
    this.reaper = null;
  }

  /** The next process gets this pid, if it is free. */
  startAt(pid: number): void {
    this.#next = pid;
  }

  add(process: Process): void {
    this.#byPid[process.pid] = process;
    this.count++;
    if (process.parent !== process) process.parent.children.push(process);
  }

  /** A process that lives, or waits to be waited for. */
  find(pid: number): Process | undefined {
    return pid > 0 ? this.#byPid[pid] : undefined;
  }

  all(): Process[] {
    return this.#byPid.filter((process) => process !== undefined);
  }

  /** A zombie was waited for. */
  reap(zombie: Process): void {
    zombie.state = 'gone';
    this.#byPid[zombie.pid] = undefined;
    this.count--;
    const { children } = zombie.parent;
    // process 1 is nobody's child
    if (zombie.parent !== zombie) children.splice(children.indexOf(zombie), 1);
  }

  /** waitpid: pid and raw status, [0, 0] for nothing yet with WNOHANG, BLOCKED without, -ECHILD as null. */
  wait(parent: Process, pid: number, options: number): readonly [number, number] | typeof BLOCKED | null {
    let mine = false;
    for (const child of parent.children) {
      if (!matches(parent, child, pid)) continue;
      mine = true;
      const told = this.#tell(child, options);
      if (told !== null) return told;
    }
    return mine ? BLOCKED : null;
  }

  #tell(child: Process, options: number): readonly [number, number] | null {
    if (child.state === 'zombie') {
      this.reap(child);
      return [child.pid, child.status];
    }
    if (child.news === 'stopped' && (options & WUNTRACED) !== 0) {
      child.news = 'none';
      return [child.pid, stopStatus(child.stoppedBy)];
    }
    if (child.news === 'continued' && (options & WCONTINUED) !== 0) {
      child.news = 'none';
      return [child.pid, CONTINUED_STATUS];
    }
    return null;
  }
}

const matches = (parent: Process, child: Process, pid: number): boolean => {
  if (pid > 0) return child.pid === pid;
  if (pid === -1) return true;
  return child.group === (pid === 0 ? parent.group : -pid);
};
