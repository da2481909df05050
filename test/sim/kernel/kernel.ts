// The virtual kernel: a machine of plain objects on which one real program runs, called as a function.
//
// Promises: the same seed and the same scenario give the same run, call for call. Time passes only while the program
// waits (and a little per call). No two scenarios share anything.
//
//   const kernel = new VirtualKernel({ seed });
//   kernel.user.program('/svc/run', { livesMs: 500, exit: 1 });
//   kernel.at(2000, () => kernel.user.send('/svc/supervise/control', 'd'));
//   const ending = kernel.run(() => runsv.run(['runsv', '/svc']));
//
// Read next: behaviour.ts (what programs do), outsider.ts (what others do), endings.ts (how a run ends),
// overlay.ts (faults), world.ts and from there the parts.
import type { Calls } from '../../../src/host/calls.ts';
import { ESRCH } from '../../../src/abi/errno.ts';
import { S_IFDIR, S_IFREG } from '../../../src/abi/flags.ts';
import { useHost } from '../../../src/host/sys.ts';
import { Random } from '../random.ts';
import type { ProgramRecord, Program, Started } from './behaviour.ts';
import { MainCalls, makePipe } from './calls.ts';
import { type Description, NullDevice, Sink } from './descriptors.ts';
import { type Ended, type Ending, MainExited, WorldStopped } from './endings.ts';
import { type Inode, Mount, pathOf } from './inode.ts';
import { unmountWatches } from './inotify.ts';
import { Main, type MainOptions } from './main.ts';
import { MAGIC_TMPFS } from './numbers.ts';
import { Outsider } from './outsider.ts';
import { type Fault, type FaultHandle, Overlay } from './overlay.ts';
import type { PipeEnd } from './pipes.ts';
import { exitStatus, Process, signalStatus } from './processes.ts';
import { bitOf, end, send } from './signals.ts';
import { ELF } from './spawn.ts';
import { MS_NS } from './time.ts';
import { type Overlap, World, type WorldOptions } from './world.ts';

export type { Behaviour, Program, Reaction, Started, Writing } from './behaviour.ts';
export type { Ending } from './endings.ts';
export { Held, Outsider } from './outsider.ts';
export type { Fault, FaultHandle } from './overlay.ts';
export { Random } from '../random.ts';

export interface KernelOptions extends WorldOptions, MainOptions {
  /** How many calls to remember for a failure's report; default none, which is fastest. */
  readonly trace?: number;
}

export interface RunOptions {
  readonly argv?: readonly string[];
  readonly env?: readonly string[];
  readonly cwd?: string;
  /** Its file, for /proc; need not be there. */
  readonly path?: string;
  /** 1 makes it process 1: orphans come to it, and signals it does not catch do nothing. */
  readonly pid?: number;
  readonly uid?: number;
  readonly umask?: number;
  /** Signals that it is started with ignored. */
  readonly ignores?: readonly number[];
  /** What its descriptor 0 is: /dev/null unless a pipe, which feed() fills. */
  readonly stdin?: 'null' | 'pipe';
  /** How many descriptors it may have. */
  readonly fdLimit?: number;
}

/** A process as an invariant looks at it. */
export interface Live {
  readonly pid: number;
  readonly parentPid: number;
  readonly key: string;
  readonly path: string;
  readonly argv: readonly string[];
  readonly stopped: boolean;
  readonly session: number;
}

export class VirtualKernel {
  readonly world: World;
  /** The table for useHost(); run() puts it in use. */
  readonly calls: Calls;
  /** Another user, root, who works in /. */
  readonly user: Outsider;
  /** What the main program and those who share its descriptors said on 1 and 2. */
  readonly stdout = new Sink();
  readonly stderr = new Sink();
  readonly random: Random;
  readonly #main: Main;
  readonly #overlay: Overlay;
  readonly #calls: MainCalls;
  #init: Process;
  #stdin: PipeEnd | null = null;

  constructor(options: KernelOptions = {}) {
    const random = new Random(options.seed ?? 1);
    this.random = random;
    this.world = new World(options, random.fork());
    this.#main = new Main(this.world, options);
    const calls = new MainCalls(this.#main);
    this.#calls = calls;
    this.calls = calls;
    this.#overlay = new Overlay(this.#main, calls, options.trace ?? 0);
    this.#init = this.world.createInit();
    this.user = new Outsider(this.world, new Process(0, null, this.world.tree.root, 0));
    this.stdout.hold();
    this.stderr.hold();
  }

  // the run

  /** Runs a program as a new process until it ends, or until nothing is left to happen. Bugs come out as thrown. */
  run(program: () => number | void, options: RunOptions = {}): Ending {
    this.start(options);
    return this.#proceed(program);
  }

  /** Runs a program in the process of the last one, which ended by execve; with an environment, in that. */
  runOn(program: () => number | void, env?: readonly string[]): Ending {
    const process = this.#main.process;
    if (!process.live) throw new Error('the process is gone');
    if (env !== undefined) process.env = env;
    this.#main.begin(process);
    return this.#proceed(program);
  }

  #proceed(program: () => number | void): Ending {
    useHost(this.calls);
    const main = this.#main;
    try {
      const code = program();
      if (main.ended === null) this.#returned(typeof code === 'number' ? code : 0);
    } catch (thrown) {
      if (main.ended === null) throw thrown;
    }
    return (main.ended as unknown as Ended).ending;
  }

  #returned(code: number): void {
    end(this.world, this.#main.process, exitStatus(code));
    this.#main.ended = new MainExited(code);
  }

  /** Makes the main program's process without running anything, for who makes its calls by hand. */
  start(options: RunOptions = {}): void {
    const { world } = this;
    if (this.mainLives) throw new Error('a main program still lives: killMain() first');
    const process = options.pid === 1 ? this.#startInit() : this.#startOther(options.pid);
    process.path = options.path ?? `/bin/${options.argv?.[0] ?? 'main'}`;
    process.argv = [...(options.argv ?? ['main'])];
    process.env = options.env ?? [];
    process.executable = world.nameless(world.pipefs, S_IFREG | 0o755);
    process.executable.data = ELF;
    process.uid = process.gid = options.uid ?? 0;
    process.umask = options.umask ?? 0o022;
    process.fdLimit = options.fdLimit ?? 1024;
    for (const signal of options.ignores ?? []) process.ignored |= bitOf(signal);
    this.#equip(process, options.stdin ?? 'null');
    if (options.cwd !== undefined) this.#enter(process, options.cwd);
    this.#main.begin(process);
  }

  #startOther(wanted: number | undefined): Process {
    const { world } = this;
    if (world.processes.reaper?.live !== true) this.#init = world.createInit();
    if (wanted !== undefined) world.processes.startAt(wanted);
    const pid = world.processes.freePid();
    const process = new Process(pid, this.#init, world.tree.root, world.clock.bootNs(), true);
    process.group = pid;
    world.processes.add(process);
    return process;
  }

  /** Takes the place of process 1, which has ended where it was an earlier main program. */
  #startInit(): Process {
    const { world } = this;
    const { reaper } = world.processes;
    if (reaper?.live === true) world.processes.reap(reaper);
    const process = new Process(1, null, world.tree.root, world.clock.bootNs(), true);
    world.processes.add(process);
    world.processes.reaper = process;
    return process;
  }

  #equip(process: Process, stdin: 'null' | 'pipe'): void {
    process.place(0, stdin === 'pipe' ? this.#makeStdin() : this.#null(), true);
    process.place(1, this.stdout, true);
    process.place(2, this.stderr, true);
  }

  #makeStdin(): Description {
    const [readEnd, writeEnd] = makePipe(this.world, 0);
    this.#stdin = writeEnd.hold();
    return readEnd;
  }

  #null(): Description {
    return new NullDevice(0, null);
  }

  #enter(process: Process, path: string): void {
    const { at } = this.world.tree;
    if (at.find(process, path, true) !== 0) throw new Error(`the scenario has no ${path}`);
    process.enter(at.node as Inode);
  }

  /** Writes to the main program's standard input, as far as there is room. Bytes written or -errno. */
  feed(bytes: string): number {
    return this.#stdin?.write(bytes) ?? 0;
  }

  /** Ends the main program's standard input. */
  endInput(): void {
    this.#stdin?.release();
    this.#stdin = null;
  }

  get mainLives(): boolean {
    return this.#main.lives;
  }

  /** The main program's process, or that of the last one. */
  get main(): Process {
    return this.#main.process;
  }

  // what happens when

  get nowMs(): number {
    return this.world.nowMs;
  }

  /** Does something at this time since the scenario began. */
  at(ms: number, act: () => void): void {
    this.after(ms - this.nowMs, act);
  }

  after(ms: number, act: () => void): void {
    this.world.later(Math.max(0, ms), act);
  }

  /** Does something once nothing is left to happen; called again, next time. Afterwards a run at rest ends. */
  whenAtRest(act: () => void): void {
    this.#main.atRest.push(act);
  }

  /** Does something just before the main program's call with this number, counted over all runs. */
  atStep(step: number, act: () => void): void {
    this.#main.mark(step, act);
  }

  /** kill -9 just before this call. */
  killMainAt(step: number): void {
    this.atStep(step, () => this.killMain());
  }

  /** Ends the main program by a signal that nothing can catch, whether it is at rest or not. */
  killMain(signal = 9): void {
    end(this.world, this.#main.process, signalStatus(signal, false));
  }

  /** The main program's engine fails; with a checkpoint the run ends as by execve. False: there is none. */
  failEngine(): boolean {
    return this.mainLives && this.#main.ended === null && this.#calls.failEngine();
  }

  /** Ends the run from an event; the process stays as it is. */
  stop(): void {
    this.#main.ended ??= new WorldStopped();
  }

  /** Sends a signal as root. 0, or -ESRCH. */
  kill(pid: number, signal: number): number {
    const process = this.world.processes.find(pid);
    if (process === undefined) return -ESRCH;
    send(this.world, process, signal);
    return 0;
  }

  /** Lets time pass while no main program runs (or while one is at rest). */
  advance(ms: number): void {
    const untilNs = this.world.clock.nowNs + ms * MS_NS;
    while (this.world.clock.nowNs < untilNs || this.world.agenda.nextNs <= untilNs) this.world.move(untilNs);
  }

  /** Sets the wall clock forward, or back. */
  stepWall(ms: number): void {
    this.world.clock.stepWall(ms);
  }

  /** The machine sleeps. */
  suspend(ms: number): void {
    this.world.clock.suspend(ms);
  }

  /** Another boot of the same machine: everybody is gone, files stay, pids and clocks begin anew. */
  reboot(): void {
    if (this.mainLives) this.killMain();
    this.#init = this.world.reboot();
  }

  // what is refused

  /** Makes chosen calls of the main program fail, before they have any effect. */
  fault<K extends keyof Calls>(fault: Fault<K>): FaultHandle {
    return this.#overlay.add(fault, this.random);
  }

  /** The file system at a path; '/' is there from the start. */
  mount(path = '/'): Mount {
    const found = this.world.mounts.find((mount) => mount.path === path);
    if (found === undefined) throw new Error(`nothing is mounted on ${path}`);
    return found;
  }

  /** Mounts an empty file system on a directory, over whatever is there. */
  addMount(path: string, type = 'tmpfs', magic = MAGIC_TMPFS): Mount {
    const { world } = this;
    this.user.folder(path);
    world.tree.at.find(this.#init, path, true);
    const { parent, name } = world.tree.at.node as Inode;
    const mount = new Mount(world.mounts.length + 0x20, path, type, magic, world.tree.at.node);
    world.mounts.push(mount);
    world.mountChanges++;
    world.add(parent, name, S_IFDIR | 0o755, mount);
    return mount;
  }

  /** Takes a mounted file system away; what it covered is there again. */
  removeMount(mount: Mount): void {
    const { world } = this;
    const { covered } = mount;
    if (covered === null) throw new Error(`${mount.path} cannot be unmounted`);
    const top = covered.parent.entries?.get(covered.name) as Inode;
    covered.parent.entries?.set(covered.name, covered);
    world.mounts.splice(world.mounts.indexOf(mount), 1);
    world.mountChanges++;
    unmountWatches(top);
  }

  /** How many processes there may be besides those there are; Infinity for no limit. */
  allowProcesses(more: number): void {
    this.world.processes.limit = this.world.processes.count + more;
  }

  // what is to be seen

  get steps(): number {
    return this.#main.steps;
  }

  get polls(): number {
    return this.#main.polls;
  }

  /** Polls that returned after having waited. */
  get wakeUps(): number {
    return this.#main.wakeUps;
  }

  get overlaps(): readonly Overlap[] {
    return this.world.overlaps;
  }

  record(key: string): ProgramRecord {
    return this.world.recordOf(key);
  }

  /** Who is asked about executable files that were not made by program(). */
  behaviourOf(choose: (started: Started) => Program | null): void {
    this.world.behaviourOf = choose;
  }

  /** Everybody who lives, but for process 1 and the main program. */
  live(): readonly Live[] {
    return this.world.processes
      .all()
      .filter((process) => process.live && process.record !== null)
      .map(liveOf);
  }

  /** How many zombies wait for the main program. */
  zombies(): number {
    return this.#main.process.children.filter((child) => !child.live).length;
  }

  /** What the main program has open, by number. */
  openFds(): readonly string[] {
    const { fds } = this.#main.process;
    return [...fds.keys()].flatMap((fd) => {
      const description = fds[fd] ?? null;
      return description === null ? [] : [`${fd} ${nameOf(description)}`];
    });
  }

  /** The last calls, oldest first; nothing unless the option `trace` asked for it. */
  trace(): readonly string[] {
    return this.#overlay.trace;
  }

  /** Puts a remark among the trace's calls. */
  note(text: string): void {
    this.#overlay.note(text);
  }
}

const nameOf = (description: Description): string => {
  const { inode } = description;
  if (inode === null) return description.constructor.name;
  return inode.parent === inode ? `pipe ${inode.number}` : pathOf(inode);
};

const liveOf = (process: Process): Live => ({
  pid: process.pid,
  parentPid: process.parent.pid,
  key: process.record?.key ?? '',
  path: process.path,
  argv: process.argv,
  stopped: process.stopped,
  session: process.session,
});
