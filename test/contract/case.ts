// What a spec of the contract is, and what it is given: one host, one fresh directory, a few checks.
//
// Promises: needs neither Node nor vitest, nor any built-in beyond arrays and strings, so that the specs run inside
// the static executable; whatever a spec opened or started through a Case is closed, killed and reaped after it.
// Read next: specs.ts (all of them), contract.ts (under vitest), run.ts (without).
import type { Bytes } from '../../src/abi/bytes.ts';
import type { Calls, Errno, Fd, Pid } from '../../src/host/calls.ts';
import { isErrno } from '../../src/host/calls.ts';
import * as l from '../lib/abi.ts';

export interface Capabilities {
  /** The machine's own kernel is behind the calls: /bin/sh runs, /proc and /dev are there. */
  readonly realPrograms: boolean;
  /** Arguments of a wrong type throw TypeError, and a NUL in a name is EINVAL: what the binders in C do. */
  readonly checksArguments: boolean;
  /** The command that starts a process with this same host, which then plays the role named by the next argument. */
  readonly again?: readonly Bytes[];
}

export interface Spec {
  /** A sentence. */
  readonly title: string;
  /** Left out where the host has no such capability. */
  readonly needs?: keyof Capabilities;
  readonly run: (c: Case) => void;
}

export interface Case {
  readonly sys: Calls;
  readonly can: Capabilities;
  /** A fresh, empty, writable directory; absolute. */
  readonly dir: Bytes;
  /** A name in it. */
  path(name: Bytes): Bytes;
  /** Opens what must open. */
  open(path: Bytes, flags: number, mode?: number): Fd;
  close(fd: Fd): void;
  /** Makes a file with this content; its path. */
  file(name: Bytes, content?: Bytes): Bytes;
  /** The whole content of a file. */
  content(path: Bytes): Bytes;
  pipe(flags?: number): readonly [Fd, Fd];
  /** Read descriptor and write descriptor, both non-blocking, of a new FIFO. */
  fifo(name: Bytes): readonly [Fd, Fd];
  /** Closes this after the spec. */
  closeLater(fd: Fd): Fd;
  /** Kills and reaps this after the spec, unless `reap` did already. */
  reapLater(pid: Pid): Pid;
  /** Waits for the end of a child; its raw wait status. */
  reap(pid: Pid): number;
  /** Done after the spec, the last one first. */
  later(undo: () => void): void;
}

const hex = '0123456789abcdef';

const quoted = (text: string): string => {
  let out = '';
  for (let i = 0; i < text.length && i < 400; i++) {
    const code = text.charCodeAt(i);
    const plain = code >= 32 && code < 127;
    out += plain ? text[i] : `\\x${hex[(code >> 4) & 15]}${hex[code & 15]}`;
  }
  return `"${out}"${text.length > 400 ? `... (${text.length})` : ''}`;
};

const show = (value: unknown): string => {
  if (typeof value === 'string') return quoted(value);
  if (Array.isArray(value)) return `[${value.slice(0, 40).map(show).join(', ')}]`;
  return String(value);
};

export const fail = (message: string): never => {
  throw new Error(message);
};

const alike = (one: unknown, other: unknown): boolean => {
  if (!Array.isArray(one) || !Array.isArray(other)) return one === other;
  return one.length === other.length && one.every((item, i) => alike(item, other[i]));
};

/** Fails unless both are the same value, or arrays of the same values. */
export const same = (actual: unknown, expected: unknown, what: string): void => {
  if (!alike(actual, expected)) fail(`${what}: expected ${show(expected)}, got ${show(actual)}`);
};

export const holds = (truth: boolean, what: string): void => {
  if (!truth) fail(`${what}: does not hold`);
};

/** Fails when the call was refused; else its result. */
export const done = <T>(result: T | Errno, what: string): T => {
  if (isErrno(result)) fail(`${what}: refused with errno ${-result}`);
  return result as T;
};

/** Fails unless the call was refused with this errno. */
export const refuses = (result: unknown, errno: number, what: string): void => {
  if (result !== -errno) fail(`${what}: expected refusal ${errno}, got ${show(result)}`);
};

const readAll = (sys: Calls, fd: Fd): Bytes => {
  let text = '';
  for (;;) {
    const part = done(sys.read(fd, 65536), 'read');
    if (part === '') return text;
    text += part;
  }
};

/** Everything up to the end of file. */
export const drain = (c: Case, fd: Fd): Bytes => readAll(c.sys, fd);

/** Reads until `enough`, waiting; at most to the end of file. */
export const readUntil = (c: Case, fd: Fd, enough: (text: Bytes) => boolean): Bytes => {
  let text = '';
  while (!enough(text)) {
    const part = done(c.sys.read(fd, 4096), 'read');
    if (part === '') fail(`end of file after ${show(text)}`);
    text += part;
  }
  return text;
};

/** poll, asked again when a signal (SIGCHLD, once a spec has caught it) came in between. */
export const poll = (c: Case, fds: readonly number[], timeoutMs: number): readonly number[] => {
  const events = c.sys.poll(fds, timeoutMs);
  return events === -l.EINTR ? poll(c, fds, timeoutMs) : done(events, 'poll');
};

/** A line of /proc/PID/status, without its name. */
export const statusLine = (c: Case, pid: number, name: string): string => {
  for (const line of c.content(`/proc/${pid}/status`).split('\n'))
    if (line.startsWith(`${name}:`)) return line.slice(name.length + 1).trim();
  return fail(`no ${name} in the status of process ${pid}`);
};

const killAndReap = (sys: Calls, pid: Pid): void => {
  sys.kill(pid, l.SIGKILL);
  sys.waitpid(pid, 0);
};

export const makeCase = (sys: Calls, can: Capabilities, dir: Bytes): Case & { finish(): void } => {
  const undo: (() => void)[] = [];
  const opened: Fd[] = [];
  const running: Pid[] = [];
  const forget = <T>(list: T[], item: T): void => {
    const at = list.indexOf(item);
    if (at >= 0) list.splice(at, 1);
  };
  const c: Case & { finish(): void } = {
    sys,
    can,
    dir,
    path: (name) => `${dir}/${name}`,
    open: (path, flags, mode = 0o644) => c.closeLater(done(sys.open(path, flags, mode), `open ${path}`)),
    close: (fd) => {
      forget(opened, fd);
      done(sys.close(fd), 'close');
    },
    file: (name, content = '') => {
      const fd = c.open(c.path(name), l.O_WRONLY | l.O_CREAT | l.O_TRUNC);
      if (content !== '') same(sys.write(fd, content), content.length, 'write');
      c.close(fd);
      return c.path(name);
    },
    content: (path) => {
      const fd = c.open(path, l.O_RDONLY);
      const text = readAll(sys, fd);
      c.close(fd);
      return text;
    },
    pipe: (flags = 0) => {
      const [from, to] = done(sys.pipe(flags), 'pipe');
      return [c.closeLater(from), c.closeLater(to)];
    },
    fifo: (name) => {
      done(sys.mkfifo(c.path(name), 0o600), 'mkfifo');
      const from = c.open(c.path(name), l.O_RDONLY | l.O_NONBLOCK);
      return [from, c.open(c.path(name), l.O_WRONLY | l.O_NONBLOCK)];
    },
    closeLater: (fd) => {
      opened.push(fd);
      return fd;
    },
    reapLater: (pid) => {
      running.push(pid);
      return pid;
    },
    reap: (pid) => {
      const [who, status] = done(sys.waitpid(pid, 0), 'waitpid');
      forget(running, pid);
      same(who, pid, 'the process waited for');
      return status;
    },
    later: (action) => {
      undo.push(action);
    },
    finish: () => {
      for (const action of undo.reverse()) action();
      for (const pid of running) killAndReap(sys, pid);
      for (const fd of opened) sys.close(fd);
    },
  };
  return c;
};

/** Runs one spec; throws when the host breaks it. */
export const runSpec = (spec: Spec, sys: Calls, can: Capabilities, dir: Bytes): void => {
  const c = makeCase(sys, can, dir);
  try {
    spec.run(c);
  } finally {
    c.finish();
  }
};

/** Whether a host with these capabilities is held to this spec. */
export const applies = (spec: Spec, can: Capabilities): boolean => {
  const needed = spec.needs === undefined ? true : can[spec.needs];
  return needed !== undefined && needed !== false;
};
