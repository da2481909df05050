// Waiting for what has been made to happen: a condition is looked at when something stirs, never on a timer.
//
// Promises: no wait without a deadline, and a deadline that passes says what was awaited. What stirs is a change in one
// of the watched directories (also one that comes to be later, or is replaced) or a call of `stir`.
// Read next: world.ts (who stirs).
import { execFile } from 'node:child_process';
import { type FSWatcher, statSync, watch } from 'node:fs';

/** Only bounds failures; a passing case never waits for it. */
export const DEADLINE_MS = 30_000;

/** What was awaited did not happen. */
export class Late extends Error {
  override readonly name = 'Late';
}

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

export type Found<T> = Exclude<T, undefined | null | false>;

/** Who is to be called when something stirs. */
export class Stirs {
  readonly #listeners = new Set<() => void>();

  stir(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  /** Resolves with what `look` yields once that is neither undefined, null nor false; rejects with Late. */
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
          if (found === undefined || found === null || found === false) return false;
          settle(() => resolve(found as Found<T>));
        } catch (cause) {
          settle(() => reject(cause));
        }
        return true;
      };
      const late = (): void => {
        if (!check()) settle(() => reject(new Late(`waited ${deadlineMs / 1000} s for: ${what}`)));
      };
      const watches = new Watches(paths, check);
      const timer = setTimeout(late, deadlineMs);
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
      refusal === null ? resolve() : reject(new Late(`waited ${deadlineMs / 1000} s for the end of ${what}`)),
    );
  });

/** Lets time pass: only for showing that something does not happen, or for choosing a random moment. */
export const elapse = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
