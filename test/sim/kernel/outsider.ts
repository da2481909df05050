// What somebody else does on the machine: an administrator, a package, sv, another service. For scenarios to set up
// their world and to disturb it.
//
// Promises: acts at once and never waits; what Linux would refuse comes back as -errno. The functions that build a
// scenario (folder, file, program) throw instead: their failure is the scenario's mistake.
// Read next: kernel.ts, opening.ts.
import {
  LOCK_EX,
  LOCK_NB,
  O_APPEND,
  O_CREAT,
  O_NONBLOCK,
  O_RDONLY,
  O_TRUNC,
  O_WRONLY,
} from '../../../src/abi/flags.ts';
import type { Program } from './behaviour.ts';
import type { Description } from './descriptors.ts';
import type { Inode } from './inode.ts';
import { open } from './opening.ts';
import type { Process } from './processes.ts';
import type { World } from './world.ts';

const READ_MAX = 65536;
const SCRIPT = '#!virtual\n';

export class Outsider {
  readonly #world: World;
  readonly #process: Process;

  /** `process`: in whose name; what it opens is closed when that process ends. */
  constructor(world: World, process: Process) {
    this.#world = world;
    this.#process = process;
  }

  /** Makes a directory and those above it. */
  folder(path: string): void {
    const parts = path.split('/').filter((name) => name !== '');
    let at = path.startsWith('/') ? '' : '.';
    for (const name of parts) {
      at += `/${name}`;
      if (!this.exists(at)) must(this.#world.tree.mkdir(this.#process, at, 0o755), at);
    }
  }

  /** Makes a file with its folders, or gives it new content. */
  file(path: string, data = '', mode = 0o644): void {
    this.#shelter(path);
    const put = this.write(path, data);
    if (put !== data.length) must(Math.min(put, -1), path);
    must(this.#world.tree.chmod(this.#process, path, mode), path);
  }

  /** Makes an executable file that behaves so. */
  program(path: string, program: Program, mode = 0o755): void {
    this.file(path, SCRIPT, mode);
    this.#inode(path).program = program;
  }

  /** Makes a fifo with its folders. */
  fifo(path: string, mode = 0o600): void {
    this.#shelter(path);
    must(this.#world.tree.mkfifo(this.#process, path, mode), path);
  }

  #shelter(path: string): void {
    const slash = path.lastIndexOf('/');
    if (slash > 0) this.folder(path.slice(0, slash));
  }

  #inode(path: string): Inode {
    const { at } = this.#world.tree;
    must(at.find(this.#process, path, true), path);
    return at.node as Inode;
  }

  exists(path: string): boolean {
    return this.#world.tree.at.find(this.#process, path, false) === 0;
  }

  /** The bytes of a file; null where there is none. Leaves no trace, not even for inotify. */
  read(path: string): string | null {
    const { at } = this.#world.tree;
    return at.find(this.#process, path, true) === 0 ? (at.node as Inode).data : null;
  }

  /** Overwrites a file from its start, as `>` does. Bytes written or -errno. */
  write(path: string, data: string): number {
    return this.#with(path, O_WRONLY | O_CREAT | O_TRUNC, (file) => file.write(data));
  }

  /** Adds to a file, as `>>` does. Bytes written or -errno. */
  append(path: string, data: string): number {
    return this.#with(path, O_WRONLY | O_CREAT | O_APPEND, (file) => file.write(data));
  }

  /** Writes to a fifo without waiting, as sv does. Bytes written, or -errno: -ENXIO where nobody reads. */
  send(fifo: string, bytes: string): number {
    return this.#with(fifo, O_WRONLY | O_NONBLOCK, (pipe) => pipe.write(bytes));
  }

  #with(path: string, flags: number, act: (description: Description) => number): number {
    const opened = open(this.#world.tree, this.#process, path, flags, 0o644);
    if (typeof opened === 'number') return opened;
    opened.hold();
    const result = act(opened);
    opened.release();
    return result;
  }

  names(path: string): readonly string[] {
    const names = this.#world.tree.readdir(this.#process, path);
    return typeof names === 'number' ? [] : names;
  }

  /** Removes a file, or a directory with all that is in it. */
  remove(path: string): number {
    const { tree } = this.#world;
    const stat = tree.stat(this.#process, path, false);
    if (typeof stat === 'number') return stat;
    if (!(tree.at.node as Inode).isDirectory) return tree.unlink(this.#process, path);
    for (const name of this.names(path)) this.remove(`${path}/${name}`);
    return tree.rmdir(this.#process, path);
  }

  rename(from: string, to: string): number {
    return this.#world.tree.rename(this.#process, from, to);
  }

  symlink(target: string, path: string): number {
    return this.#world.tree.symlink(this.#process, target, path);
  }

  chmod(path: string, mode: number): number {
    return this.#world.tree.chmod(this.#process, path, mode);
  }

  /** Gives a file away, itself and not where it leads. */
  chown(path: string, uid: number): number {
    const { at } = this.#world.tree;
    const found = at.find(this.#process, path, false);
    if (found === 0) (at.node as Inode).uid = uid;
    return found;
  }

  /** Opens something and keeps it open. Never waits: flags get O_NONBLOCK. */
  open(path: string, flags = O_RDONLY): Held | number {
    const opened = open(this.#world.tree, this.#process, path, flags | O_NONBLOCK, 0o644);
    return typeof opened === 'number' ? opened : new Held(this.#process, opened);
  }

  /** Takes an exclusive lock and keeps it: something to release it with, or -EAGAIN. */
  lock(path: string, flags = O_WRONLY | O_CREAT): Held | number {
    return this.#lock(this.open(path, flags), LOCK_EX);
  }

  /** The same of a directory; `kind`: LOCK_EX or LOCK_SH. */
  lockFolder(path: string, kind: number): Held | number {
    return this.#lock(this.open(path), kind);
  }

  #lock(held: Held | number, kind: number): Held | number {
    if (typeof held === 'number') return held;
    const inode = held.description.inode as Inode;
    const { pid } = this.#process;
    const locked = this.#world.locks.flock(held.description, inode, kind | LOCK_NB, pid);
    if (locked === 0) return held;
    held.close();
    return locked;
  }
}

/** Something that somebody else has open. */
export class Held {
  readonly description: Description;
  readonly #process: Process;
  readonly #fd: number;

  constructor(process: Process, description: Description) {
    this.#process = process;
    this.description = description;
    this.#fd = process.install(description);
  }

  /** What is there; a negative number where there is nothing yet. */
  read(): string | number {
    return this.description.read(READ_MAX);
  }

  write(data: string): number {
    return this.description.write(data);
  }

  close(): void {
    this.#process.close(this.#fd);
  }
}

const must = (result: number, path: string): void => {
  if (result < 0) throw new Error(`the scenario cannot make ${path}: errno ${-result}`);
};
