// The system calls that src/client makes to look at services, by node:fs alone: a program that imports the npm module loads no
// native code.
//
// Promises: results and errors of these calls are those of the other hosts. Changes are heard through fs.watch, without
// blocking: heard() and take() replace poll and read. Calls that are not here do not exist.
// Read next: ../calls.ts (what each does), ../../api/index.ts (who uses it).
import { Buffer } from 'node:buffer';
import {
  accessSync,
  type BigIntStats,
  closeSync,
  fstatSync,
  type FSWatcher,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  statSync,
  watch as watchPath,
} from 'node:fs';
import process from 'node:process';
import { getSystemErrorName } from 'node:util';
import type { Bytes } from '../../abi/bytes.ts';
import { ENOSYS, ENOTDIR } from '../../abi/errno.ts';
import { CLOCK_REALTIME } from '../../abi/flags.ts';
import type { Calls, Done, Errno, Fd, Pid, RawStat } from '../calls.ts';
import { useHost } from '../sys.ts';

const LOW_32_BITS = 0xffff_ffffn;
const NS = 1_000_000_000n;

/** Text of JavaScript as bytes of the kernel, and back. */
export const bytesOf = (text: string): Bytes => Buffer.from(text).toString('latin1');
export const textOf = (bytes: Bytes): string => Buffer.from(bytes, 'latin1').toString();

const pathOf = (path: Bytes): Buffer => Buffer.from(path, 'latin1');

/** What the body returns, or the error number with which node:fs threw. */
const tried = <T>(body: () => T): T | Errno => {
  try {
    return body();
  } catch (problem) {
    const { errno } = problem as NodeJS.ErrnoException;
    // a path with a NUL byte and the like: node:fs refuses those itself
    if (errno === undefined) throw problem;
    return errno as Errno;
  }
};

/** A refusal as node:fs throws it. */
export const systemError = (errno: number, call: string, path: Bytes): Error => {
  const code = getSystemErrorName(errno);
  const message = `${code}: ${call} '${textOf(path)}'`;
  return Object.assign(new Error(message), { errno, code, syscall: call, path: textOf(path) });
};

const DONE = 0 as Done;

const done = (body: () => void): Done | Errno =>
  tried(() => {
    body();
    return DONE;
  });

const rawStat = (stat: BigIntStats): RawStat => [
  Number(stat.mode),
  Number(stat.dev),
  Number(stat.ino & LOW_32_BITS),
  Number(stat.ino >> 32n),
  Number(stat.uid),
  Number(stat.gid),
  Number(stat.size),
  Number(stat.mtimeNs / NS),
  Number(stat.mtimeNs % NS),
  Number(stat.nlink),
];

const BIG = { bigint: true } as const;

const clock = (id: number): readonly [number, number] => {
  const ns = id === CLOCK_REALTIME ? BigInt(Math.round(Date.now() * 1000)) * 1000n : process.hrtime.bigint();
  return [Number(ns / NS), Number(ns % NS)];
};

/** Several directories under watch. */
export class Watches {
  readonly #watchers = new Map<number, { readonly key: string; readonly watcher: FSWatcher }>();
  readonly #news = new Set<number>();
  #next = 1;
  #wake: (() => void) | null = null;

  /** The number of the watch; the same for the same directory. */
  add(path: Bytes): number {
    const stat = statSync(pathOf(path), BIG);
    if (!stat.isDirectory()) return -ENOTDIR;
    const key = `${path}\0${stat.dev}:${stat.ino}`;
    for (const [id, one] of this.#watchers) if (one.key === key) return id;
    const id = this.#next++;
    const ownName = path.slice(path.lastIndexOf('/') + 1);
    const watcher = watchPath(pathOf(path), { encoding: 'buffer' }, (kind, name) => {
      this.#tell(id);
      // the directory itself was moved or removed: what comes in its place, perhaps with the same inode, needs a watch of its own
      if (kind === 'rename' && name?.toString('latin1') === ownName) this.remove(id);
    });
    watcher.on('error', () => this.#tell(id));
    this.#watchers.set(id, { key, watcher });
    return id;
  }

  /** As add(); a directory that is not there hears nothing. */
  tryAdd(path: Bytes): void {
    tried(() => this.add(path));
  }

  remove(id: number): void {
    this.#watchers.get(id)?.watcher.close();
    this.#watchers.delete(id);
  }

  close(): void {
    for (const id of [...this.#watchers.keys()]) this.remove(id);
    this.wake();
  }

  /** Resolves when there are news, after `ms` (null: never), or with wake(). Never rejects. */
  heard(ms: number | null): Promise<void> {
    return new Promise((resolve) => {
      const timer = ms === null ? null : setTimeout(() => this.wake(), Math.ceil(ms));
      this.#wake = () => {
        this.#wake = null;
        if (timer !== null) clearTimeout(timer);
        // events of one change come one by one
        setImmediate(resolve);
      };
      if (this.#news.size > 0) this.#wake();
    });
  }

  wake(): void {
    this.#wake?.();
  }

  /** The watches with news since the last call. */
  take(): ReadonlySet<number> {
    const news = new Set(this.#news);
    this.#news.clear();
    return news;
  }

  #tell(id: number): void {
    this.#news.add(id);
    this.wake();
  }
}

/** No descriptor of the process is that high. */
const INOTIFY = 0x4000_0000 as Fd;

/** `position` null: from where the descriptor stands. */
const readAt = (fd: Fd, max: number, position: number | null): Bytes | Errno =>
  tried(() => {
    const bytes = Buffer.allocUnsafe(max);
    return bytes.toString('latin1', 0, readSync(fd, bytes, 0, max, position));
  });

const environ = (svdir: string | undefined): readonly Bytes[] =>
  Object.entries({ ...process.env, ...(svdir === undefined ? {} : { SVDIR: svdir }) }).map(([name, value]) =>
    bytesOf(`${name}=${value}`),
  );

/** What a look at services depends on. */
export interface Setting {
  /** In place of SVDIR of the environment. */
  readonly svdir?: string | undefined;
  /** What inotify is; without it there is none. */
  readonly watches?: Watches;
}

const hostFor = ({ svdir, watches }: Setting): Partial<Calls> => ({
  open: (path, flags, mode) => tried(() => openSync(pathOf(path), flags, mode) as Fd),
  close: (fd) => done(() => (fd === INOTIFY ? watches?.close() : closeSync(fd))),
  read: (fd, max) => readAt(fd, max, null),
  pread: readAt,
  stat: (path) => tried(() => rawStat(statSync(pathOf(path), BIG))),
  lstat: (path) => tried(() => rawStat(lstatSync(pathOf(path), BIG))),
  fstat: (fd) => tried(() => rawStat(fstatSync(fd, BIG))),
  access: (path, mode) => done(() => accessSync(pathOf(path), mode)),
  readlink: (path) => tried(() => readlinkSync(pathOf(path), 'buffer').toString('latin1')),
  readdir: (path) => tried(() => readdirSync(pathOf(path), 'buffer').map((name) => name.toString('latin1'))),
  inotify: () => (watches === undefined ? (-ENOSYS as Errno) : INOTIFY),
  watch: (_, path) => tried(() => watches?.add(path) ?? -ENOSYS),
  unwatch: (_, id) => done(() => watches?.remove(id)),
  clock,
  environ: () => environ(svdir),
  getpid: () => process.pid as Pid,
  geteuid: () => process.geteuid?.() ?? -1,
});

/** Runs `body` on this host. */
export const onPlainHost = <T>(setting: Setting, body: () => T): T => {
  useHost(hostFor(setting) as Calls);
  return body();
};
