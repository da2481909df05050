// /proc, as much of it as supervision looks at: PID/stat, PID/cmdline, PID/exe, PID/cwd, PID/fd/N, PID/mounts,
// PID/mountinfo, locks, sys/kernel/random/boot_id.
//
// Promises: made up at each look, in Linux's formats; a link under fd leads to the very thing that is open there.
// Read next: paths.ts (who looks), inode.ts (Dynamic).
import { POLLERR, POLLIN, POLLPRI, S_IFDIR, S_IFLNK, S_IFREG } from '../../../src/abi/flags.ts';
import { OpenFile } from './files.ts';
import { type Dynamic, type Inode, Mount, pathOf } from './inode.ts';
import type { Lock } from './locks.ts';
import { MAGIC_PROC } from './numbers.ts';
import type { Process } from './processes.ts';
import type { World } from './world.ts';

const PROC_DEVICE = 0x15;
/** A process's start is counted in hundredths of a second. */
const TICK_NS = 1e7;
const COMM_MAX = 15;

type Entry = (asker: number) => Inode | null;

class Proc {
  readonly world: World;
  readonly mount: Mount;

  constructor(world: World, mount: Mount) {
    this.world = world;
    this.mount = mount;
  }

  text(data: string): Inode {
    const file = this.world.nameless(this.mount, S_IFREG | 0o444);
    file.data = data;
    return file;
  }

  link(target: string, magic: Inode | null): Inode {
    const link = this.world.nameless(this.mount, S_IFLNK | 0o777);
    link.data = target;
    link.magicLink = magic;
    return link;
  }

  directory(entries: Readonly<Record<string, Entry>>): Inode {
    return this.dynamic({
      lookup: (name, asker) => (Object.hasOwn(entries, name) ? (entries[name]?.(asker) ?? null) : null),
      names: () => Object.keys(entries),
    });
  }

  dynamic(dynamic: Dynamic): Inode {
    const inode = this.world.nameless(this.mount, S_IFDIR | 0o555);
    inode.dynamic = dynamic;
    return inode;
  }
}

export const mountProc = (world: World): void => {
  const mount = new Mount(PROC_DEVICE, '/proc', 'proc', MAGIC_PROC);
  mount.isSilent = true;
  world.mounts.push(mount);
  const root = world.add(world.tree.root, 'proc', S_IFDIR | 0o555, mount);
  root.dynamic = procRoot(new Proc(world, mount));
};

const procRoot = (proc: Proc): Dynamic => {
  const { world } = proc;
  const fixed: Readonly<Record<string, Entry>> = {
    self: (asker) => proc.link(String(asker), null),
    locks: () => proc.text(world.locks.all.map(lockLine).join('')),
    mounts: () => proc.link('self/mounts', null),
    sys: () => proc.directory({ kernel: () => proc.directory({ random: () => randomDirectory(proc) }) }),
  };
  return {
    lookup: (name, asker) =>
      Object.hasOwn(fixed, name) ? (fixed[name]?.(asker) ?? null) : processDirectory(proc, Number(name)),
    names: () => [...Object.keys(fixed), ...world.processes.all().map((process) => String(process.pid))],
  };
};

const randomDirectory = (proc: Proc): Inode => proc.directory({ boot_id: () => proc.text(`${proc.world.bootId}\n`) });

const processDirectory = (proc: Proc, pid: number): Inode | null => {
  const process = proc.world.processes.find(pid);
  if (process === undefined) return null;
  return proc.directory({
    stat: () => proc.text(statLine(process)),
    cmdline: () => proc.text(process.live ? process.argv.map((arg) => `${arg}\0`).join('') : ''),
    mounts: () => mountsFile(proc, mountLine),
    mountinfo: () => mountsFile(proc, mountInfoLine),
    cwd: () => (process.live ? proc.link(shownPath(process.cwd), process.cwd) : null),
    exe: () => exeLink(proc, process),
    fd: () => fdDirectory(proc, process),
    fdinfo: () => fdInfoDirectory(proc, process),
    status: () => proc.text(`Name:\tx\nUid:\t${`${process.uid}\t`.repeat(4)}\n`),
  });
};

/** A list of mounts can be polled for a change of them. */
const mountsFile = (proc: Proc, line: (mount: Mount, at: number) => string): Inode => {
  const { world } = proc;
  const file = proc.text(world.mounts.map(line).join(''));
  file.opener = (flags) => new OpenMounts(flags, file, world);
  return file;
};

/** Tells each change of the mounts to one poll, as an error that is none. */
class OpenMounts extends OpenFile {
  readonly #world: World;
  #seen: number;

  constructor(flags: number, node: Inode, world: World) {
    super(flags, node, world.clock);
    this.#world = world;
    this.#seen = world.mountChanges;
  }

  override poll(): number {
    const changed = this.#seen !== this.#world.mountChanges;
    this.#seen = this.#world.mountChanges;
    return changed ? POLLIN | POLLERR | POLLPRI : POLLIN;
  }
}

const exeLink = (proc: Proc, process: Process): Inode | null =>
  process.executable === null ? null : proc.link(process.path, process.executable);

const shownPath = (inode: Inode): string => (inode.linked ? pathOf(inode) : `${pathOf(inode)} (deleted)`);

const fdDirectory = (proc: Proc, process: Process): Inode =>
  proc.dynamic({
    lookup: (name) => fdLink(proc, process, Number(name)),
    names: () => [...process.fds.keys()].filter((fd) => process.at(fd) !== null).map(String),
  });

const fdLink = (proc: Proc, process: Process, fd: number): Inode | null => {
  const description = process.at(fd);
  if (description === null) return null;
  const { inode } = description;
  if (inode === null) return proc.link('anon_inode:[other]', null);
  const nameless = inode.isFifo && inode.parent === inode;
  return proc.link(nameless ? `pipe:[${inode.number}]` : shownPath(inode), inode);
};

const fdInfoDirectory = (proc: Proc, process: Process): Inode =>
  proc.dynamic({
    lookup: (name) => {
      const description = process.at(Number(name));
      return description === null ? null : proc.text(`pos:\t0\nflags:\t0${description.flags.toString(8)}\n`);
    },
    names: () => [],
  });

const stateLetter = (process: Process): string => (!process.live ? 'Z' : process.stopped ? 'T' : 'S');

const statLine = (process: Process): string => {
  const { pid, path, parent, group, session, startedNs } = process;
  const comm = path.slice(path.lastIndexOf('/') + 1).slice(0, COMM_MAX);
  const parentPid = parent === process ? 0 : parent.pid;
  const head = `${pid} (${comm}) ${stateLetter(process)} ${parentPid} ${group} ${session}`;
  const start = Math.floor(startedNs / TICK_NS);
  return `${head} 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 1 0 ${start} 1000000 100 18446744073709551615${' 0'.repeat(27)}\n`;
};

const hex = (value: number): string => value.toString(16).padStart(2, '0');

/** Major and minor numbers as the kernel's stat packs them. */
const lockLine = (lock: Lock, at: number): string => {
  const { mount, number } = lock.inode;
  const device = `${hex((mount.device >> 8) & 0xfff)}:${hex(mount.device & 0xff)}`;
  return `${at + 1}: FLOCK  ADVISORY  ${lock.exclusive ? 'WRITE' : 'READ '} ${lock.pid} ${device}:${number} 0 EOF\n`;
};

const mountLine = (mount: Mount): string =>
  `${mount.type === 'ext4' ? '/dev/sda1' : mount.type} ${mount.path} ${mount.type} ${mount.readOnly ? 'ro' : 'rw'},relatime 0 0\n`;

const mountInfoLine = (mount: Mount, at: number): string => {
  const device = `${(mount.device >> 8) & 0xfff}:${mount.device & 0xff}`;
  const access = mount.readOnly ? 'ro' : 'rw';
  return `${at + 20} 1 ${device} / ${mount.path} ${access},relatime - ${mount.type} ${mount.type} ${access}\n`;
};
