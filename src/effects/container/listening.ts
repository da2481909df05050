// Whether every runsv listens: its supervise/ok has a reader, so that `sv` reaches it.
//
// Promises: notices by events if the kernel has them, else by polling; does not check a runsv again that listens.
// Must not: decide; that is ../../machine/container/readiness.ts. Read next: main-command.ts (who waits for it).
import type { Bytes } from '../../abi/bytes.ts';
import { type Fd, isErrno } from '../../host/calls.ts';
import { monotonicMs } from '../../host/clock.ts';
import { IN_CREATE, IN_MOVED_TO, IN_OPEN } from '../../abi/flags.ts';
import { sys } from '../../host/sys.ts';
import { type Readiness, readinessOf } from '../../machine/container/readiness.ts';
import { type Loop, unwatch, watch } from '../loop.ts';
import { isRead } from '../trusted-file.ts';

export interface Listening {
  readonly sinceMs: number;
  readonly inotify: Fd | null;
  /** Services whose runsv listens, by key. */
  readonly listening: Set<string>;
  /** Directories with a watch. */
  readonly watched: Set<Bytes>;
  /** When to check again, monotonic. */
  dueMs: number;
}

/** What is needed of a running runsvdir. */
export interface Listener {
  readonly dir: Bytes;
  readonly tree: { readonly wanted: ReadonlyMap<string, { readonly name: string; readonly key: string }> };
  readonly hasScanned: boolean;
  readonly isSettling: boolean;
  readonly loop: Loop;
  /** The main command waits for runsvs to listen. */
  listening: Listening | null;
}

const newListening = (loop: Loop): Listening => {
  const inotify = sys.inotify();
  if (!isErrno(inotify)) watch(loop, inotify, () => void sys.read(inotify, 65536));
  const sinceMs = monotonicMs();
  return {
    sinceMs,
    inotify: isErrno(inotify) ? null : inotify,
    listening: new Set(),
    watched: new Set(),
    dueMs: sinceMs,
  };
};

/** Watches a directory: names that appear in it, and files that are opened. Whether that succeeds. */
const isWatched = ({ inotify, watched }: Listening, path: Bytes): boolean => {
  if (inotify === null || watched.has(path)) return inotify !== null;
  if (sys.watch(inotify, path, IN_CREATE | IN_MOVED_TO | IN_OPEN) < 0) return false;
  watched.add(path);
  return true;
};

/** Checks every runsv that did not listen yet. */
const checkRunsvs = (live: Listener, listening: Listening): Readiness => {
  const notListening: string[] = [];
  let mustPoll = false;
  for (const { name, key } of live.tree.wanted.values()) {
    if (listening.listening.has(key)) continue;
    const service = `${live.dir}/${name}`;
    // watch first, then check, so that no event is missed
    const isSeen = isWatched(listening, service) && isWatched(listening, `${service}/supervise`);
    if (isRead(`${service}/supervise/ok`)) listening.listening.add(key);
    else {
      notListening.push(name);
      mustPoll ||= !isSeen;
    }
  }
  const { hasScanned, isSettling } = live;
  return readinessOf({ hasScanned, isSettling, notListening, mustPoll }, listening.sinceMs, monotonicMs());
};

/** Stops waiting. */
export const stopListening = (live: Listener): void => {
  const inotify = live.listening?.inotify ?? null;
  if (inotify !== null) {
    unwatch(live.loop, inotify);
    sys.close(inotify);
  }
  live.listening = null;
};

/** Whether the main command may start now: null: not yet; else the services whose runsv does not listen. */
export const listen = (live: Listener): readonly string[] | null => {
  live.listening ??= newListening(live.loop);
  const readiness = checkRunsvs(live, live.listening);
  if (readiness.kind === 'wait') {
    live.listening.dueMs = readiness.untilMs;
    return null;
  }
  stopListening(live);
  return readiness.notListening;
};
