// Waiting, with a deadline that names what was awaited: for a change that announces itself (Stirs), for the end of a process
// (ended), for a promise (bounded), and for what nothing announces (until: looks again and again).
//
// Promises: no wait without a deadline. Deadlines are generous, since they bound failures only; a passing test waits for none.
import { execFile } from 'node:child_process';
import { type FSWatcher, statSync, watch } from 'node:fs';

/** Only bounds failures; a passing case never waits for it. */
export const DEADLINE_MS = 90_000;

/** What was awaited did not happen in time. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError';
}

export const late = (what: string, deadlineMs: number): TimeoutError =>
  new TimeoutError(`waited ${deadlineMs / 1000} s for: ${what}`);

/** Lets time pass: only to show that something does not happen, to choose a random moment, or between two looks. */
export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export type Found<T> = Exclude<T, undefined | null | false>;

const isFound = <T>(value: T): value is Found<T> & T => value !== undefined && value !== null && value !== false;

/**
 * Looks every few milliseconds, `stepMs` at the most, until `look` yields something other than undefined, null or false;
 * undefined where it does not within `deadlineMs`.
 */
export const attempt = async <T>(
  look: () => T | Promise<T>,
  deadlineMs: number,
  stepMs = 40,
): Promise<Found<T> | undefined> => {
  const endMs = performance.now() + deadlineMs;
  for (let nextMs = Math.min(4, stepMs); ; nextMs = Math.min(nextMs * 1.3, stepMs)) {
    const found = await look();
    if (isFound(found)) return found;
    if (performance.now() > endMs) return undefined;
    await sleep(nextMs);
  }
};

/** As `attempt`; rejects with a TimeoutError that names `what`, which a function makes where it is known late. */
export const until = async <T>(
  what: string | (() => string),
  look: () => T | Promise<T>,
  deadlineMs = DEADLINE_MS,
  stepMs = 40,
): Promise<Found<T>> => {
  const found = await attempt(look, deadlineMs, stepMs);
  if (found === undefined) throw late(typeof what === 'string' ? what : what(), deadlineMs);
  return found;
};

/** `promise`, or a TimeoutError that names `what`. */
export const bounded = async <T>(what: string, promise: Promise<T>, deadlineMs = DEADLINE_MS): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late(what, deadlineMs)), deadlineMs);
  });
  try {
    return await Promise.race([promise, tooLate]);
  } finally {
    clearTimeout(timer);
  }
};

const inodeOf = (path: string): bigint | null => {
  try {
    return statSync(path, { bigint: true }).ino;
  } catch {
    return null;
  }
};

/** Directories under watch, each found again when it is replaced. */
class Watches {
  readonly #held = new Map<string, { readonly watcher: FSWatcher; readonly inode: bigint }>();
  readonly #paths: readonly string[];
  readonly #stirred: () => void;

  constructor(paths: readonly string[], stirred: () => void) {
    this.#paths = paths;
    this.#stirred = stirred;
  }

  renew(): void {
    for (const path of this.#paths) {
      const inode = inodeOf(path);
      if (inode === this.#held.get(path)?.inode) continue;
      this.#held.get(path)?.watcher.close();
      this.#held.delete(path);
      if (inode !== null) this.#hold(path, inode);
    }
  }

  #hold(path: string, inode: bigint): void {
    try {
      const watcher = watch(path, this.#stirred);
      watcher.on('error', this.#stirred);
      this.#held.set(path, { watcher, inode });
    } catch {
      // It went away between the two calls; its parent is watched as well.
    }
  }

  close(): void {
    for (const { watcher } of this.#held.values()) watcher.close();
  }
}

/**
 * Conditions that are looked at when something stirs, never on a timer: a change in one of the watched directories (also one
 * that is made later, or replaced), or a call of `stir`.
 */
export class Stirs {
  readonly #listeners = new Set<() => void>();

  stir(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  /** Resolves with what `look` yields once that is neither undefined, null nor false; rejects with a TimeoutError. */
  until<T>(what: string, look: () => T, paths: readonly string[], deadlineMs = DEADLINE_MS): Promise<Found<T>> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        clearTimeout(timer);
        this.#listeners.delete(check);
        watches.close();
        act();
      };
      const check = (): boolean => {
        try {
          watches.renew();
          const found = look();
          if (!isFound(found)) return false;
          settle(() => resolve(found));
        } catch (cause) {
          settle(() => reject(cause));
        }
        return true;
      };
      const expire = (): void => {
        if (!check()) settle(() => reject(late(what, deadlineMs)));
      };
      const watches = new Watches(paths, check);
      const timer = setTimeout(expire, deadlineMs);
      this.#listeners.add(check);
      check();
    });
  }
}

// pidfd_open has the same number on every architecture.
const WAIT_FOR_END = `my $fd = syscall(434, $ARGV[0] + 0, 0); exit 0 if $fd < 0; my $set = ''; vec($set, $fd, 1) = 1;
exit(select($set, undef, undef, $ARGV[1]) ? 0 : 1)`;

/** Resolves when process `pid`, anybody's child, has ended. */
export const ended = (pid: number, what: string, deadlineMs = DEADLINE_MS): Promise<void> =>
  new Promise((resolve, reject) => {
    execFile('perl', ['-e', WAIT_FOR_END, String(pid), String(deadlineMs / 1000)], (refusal) =>
      refusal === null ? resolve() : reject(late(`the end of ${what}`, deadlineMs)),
    );
  });
