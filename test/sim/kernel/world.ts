// One virtual machine: its time, files, locks and processes. Plain state; what happens to it is in the files around.
//
// Read next: conduct.ts (programs), main.ts (the program under test), kernel.ts (the scenario's view).
import { S_IFDIR, S_IFREG } from '../../../src/abi/flags.ts';
import type { Random } from '../random.ts';
import { ProgramRecord, type Program, type Started } from './behaviour.ts';
import { Tree } from './fs.ts';
import { Inode, Mount } from './inode.ts';
import { LockTable } from './locks.ts';
import { MAGIC_PIPEFS, S_IFCHR } from './numbers.ts';
import { Process, ProcessTable } from './processes.ts';
import { mountProc } from './procfs.ts';
import type { Datagrams } from './sockets.ts';
import { Agenda, Clock, MS_NS, type Task } from './time.ts';

export interface WorldOptions {
  readonly seed?: number;
  /** Unix seconds when the scenario begins. */
  readonly wallSec?: number;
  /** How coarse file times are; a real kernel's tick is 4 ms. */
  readonly mtimeTickMs?: number;
  /** The order in which readdir tells names. */
  readonly readdirOrder?: 'created' | 'random';
  readonly firstPid?: number;
  /** After this one pids begin again at 2, where free. */
  readonly lastPid?: number;
  /** Whether a signal like QUIT leaves a core, which shows in the wait status. */
  readonly coreDumps?: boolean;
  /** Whether /proc is there. */
  readonly proc?: boolean;
  /** Descriptors 0 and 1 are a terminal of so many rows and columns. */
  readonly terminal?: readonly [number, number];
}

/** Two instances of one program at the same time. */
export interface Overlap {
  readonly key: string;
  readonly atMs: number;
  readonly live: number;
}

const ROOT_DEVICE = 0x801;
const PIPE_DEVICE = 0xf;

export class World {
  readonly random: Random;
  readonly clock: Clock;
  readonly agenda = new Agenda();
  readonly locks = new LockTable();
  readonly mounts: Mount[] = [];
  /** How often something was mounted or unmounted. */
  mountChanges = 0;
  /** Where pipes have their inodes. */
  readonly pipefs = new Mount(PIPE_DEVICE, 'pipe:', 'pipefs', MAGIC_PIPEFS);
  readonly tree: Tree;
  readonly processes: ProcessTable;
  readonly programs = new Map<string, ProgramRecord>();
  readonly overlaps: Overlap[] = [];
  /** By their names. */
  readonly sockets = new Map<string, Datagrams>();
  readonly coreDumps: boolean;
  readonly terminal: readonly [number, number] | null;
  /** Who is asked about executable files that have no behaviour of their own. */
  behaviourOf: ((started: Started) => Program | null) | null = null;
  #bootNumber: number;

  constructor(options: WorldOptions, random: Random) {
    this.random = random;
    this.clock = new Clock(options.wallSec ?? 1_800_000_000, (options.mtimeTickMs ?? 4) * MS_NS);
    const shuffle = options.readdirOrder === 'random' ? (names: string[]) => random.shuffled(names) : null;
    const root = new Mount(ROOT_DEVICE, '/');
    this.mounts.push(root);
    this.tree = new Tree(root, this.clock, shuffle);
    this.processes = new ProcessTable(options.firstPid ?? 100, options.lastPid ?? 32768);
    this.coreDumps = options.coreDumps ?? false;
    this.terminal = options.terminal ?? null;
    this.#bootNumber = random.word();
    this.#setUp(options.proc ?? true);
  }

  #setUp(proc: boolean): void {
    this.add(this.tree.root, 'tmp', S_IFDIR | 0o1777);
    this.add(this.add(this.tree.root, 'dev', S_IFDIR | 0o755), 'null', S_IFCHR | 0o666);
    if (proc) mountProc(this);
  }

  /** Puts an inode into a directory without asking or telling anybody. */
  add(directory: Inode, name: string, mode: number, mount = directory.mount): Inode {
    const inode = new Inode(mount, mode, this.clock.stamp(), directory, name);
    directory.entries?.set(name, inode);
    return inode;
  }

  /** An empty file that no name leads to. */
  nameless(mount: Mount, mode = S_IFREG | 0o600): Inode {
    return new Inode(mount, mode, this.clock.stamp(), null, '');
  }

  /** Process 1, who takes orphans and waits for them at once. */
  createInit(): Process {
    const init = new Process(1, null, this.tree.root, this.clock.bootNs());
    init.path = '/sbin/init';
    init.argv = ['init'];
    this.processes.add(init);
    this.processes.reaper = init;
    return init;
  }

  /** Since the scenario began. */
  get nowMs(): number {
    return this.clock.nowNs / MS_NS;
  }

  later(ms: number, act: () => void): Task {
    return this.agenda.add(this.clock.nowNs + ms * MS_NS, act);
  }

  /** Does what is due by now. */
  runDue(): void {
    const { agenda, clock } = this;
    while (agenda.nextNs <= clock.nowNs) agenda.take()();
  }

  /** Goes to the next thing due and does it, or to `untilNs` if that is sooner. False: nothing will ever happen. */
  move(untilNs: number): boolean {
    const { agenda, clock } = this;
    if (agenda.nextNs > untilNs) {
      clock.nowNs = Math.max(clock.nowNs, untilNs);
      return true;
    }
    if (agenda.nextNs === Infinity) return false;
    clock.nowNs = Math.max(clock.nowNs, agenda.nextNs);
    agenda.take()();
    return true;
  }

  recordOf(key: string): ProgramRecord {
    const known = this.programs.get(key);
    if (known !== undefined) return known;
    const fresh = new ProgramRecord(key);
    this.programs.set(key, fresh);
    return fresh;
  }

  /** Another boot of the same machine; its process 1. What was due for processes is forgotten with them. */
  reboot(): Process {
    for (const process of this.processes.all()) {
      for (const task of process.tasks) this.agenda.cancel(task);
      process.closeAll();
      process.state = 'gone';
    }
    this.processes.clear();
    this.clock.reboot();
    this.#bootNumber = this.random.word();
    return this.createInit();
  }

  /** The random part of /proc/sys/kernel/random/boot_id, from the seed. */
  get bootId(): string {
    const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0').slice(-digits);
    return `${hex(this.#bootNumber, 8)}-0000-4000-8000-${hex(this.#bootNumber, 12)}`;
  }
}
