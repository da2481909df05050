// Logs of services as they are written: what `sv logs -f` prints.
//
// Promises: woken by the kernel where it has inotify, else a look every 0.42 s; a log that is not there yet is looked for
// as often. Follows a service that is restarted, removed, made again or linked to another directory.
// Read next: follow-log.ts (one log), ../applets/sv/logs.ts.
import type { Bytes } from '../abi/bytes.ts';
import {
  IN_CREATE,
  IN_DELETE,
  IN_DELETE_SELF,
  IN_MODIFY,
  IN_MOVED_FROM,
  IN_MOVED_TO,
  IN_ONLYDIR,
  POLLIN,
} from '../abi/flags.ts';
import { watchesIn } from '../formats/inotify.ts';
import { type Fd, isErrno } from '../host/calls.ts';
import { monotonicMs } from '../host/clock.ts';
import { waitOnce, type Watch } from '../host/loop.ts';
import { sys } from '../host/sys.ts';
import { beginToFollow, endFollowing, type FollowedLog, isGone, newLinesOf } from './follow-log.ts';
import { currentLog, directoryOf } from './log-files.ts';
import { isTrouble } from './report.ts';
import { readStatus, type Service } from './service.ts';

const LOOK_MS = 420;
const NEWS_BYTES = 65_536;
const CHANGES = IN_CREATE | IN_DELETE | IN_DELETE_SELF | IN_MODIFY | IN_MOVED_FROM | IN_MOVED_TO | IN_ONLYDIR;

/** A line and whose it is. */
export interface Line {
  readonly name: Bytes;
  readonly line: Bytes;
}

interface Source {
  readonly service: Service;
  /** null: its log is not there yet. */
  log: FollowedLog | null;
  /** Watches whose news may mean that its log is elsewhere. */
  places: ReadonlySet<number>;
}

export interface Following {
  readonly inotify: Fd | null;
  readonly sources: readonly Source[];
  readonly warn: (service: Service) => void;
}

const logPidOf = (dir: Bytes): number => {
  const status = readStatus(`${dir}/log`);
  return isTrouble(status) ? 0 : status.pid;
};

/** Watches the places where a log may appear: before they are looked at, so that no change falls between. */
const aim = ({ inotify }: Following, source: Source): void => {
  if (inotify === null) return;
  const { dir } = source.service;
  const places = [directoryOf(dir), dir, `${dir}/log`, `${dir}/log/supervise`];
  source.places = new Set(places.map((place) => sys.watch(inotify, place, CHANGES)));
  if (source.log !== null) sys.watch(inotify, directoryOf(source.log.path), CHANGES);
};

const named = ({ service }: Source, lines: readonly Bytes[]): readonly Line[] =>
  lines.map((line) => ({ name: service.name, line }));

/** Drops a log that is gone; what was left of it. */
const drop = (source: Source): readonly Line[] => {
  const { log } = source;
  if (log === null) return [];
  source.log = null;
  const { lines } = newLinesOf(log);
  return named(source, [...lines, ...endFollowing(log)]);
};

/** Finds the log, or finds it elsewhere. The lines that this brings. */
const find = (following: Following, source: Source, count: number, isNew: boolean): readonly Line[] => {
  aim(following, source);
  const path = currentLog(source.service.dir, logPidOf(source.service.dir));
  if (path === null || path === source.log?.path) return [];
  const begun = beginToFollow(path, count, isNew);
  if (begun === null) return [];
  const before = drop(source);
  source.log = begun.log;
  // what is written to its directory counts from now on
  aim(following, source);
  return [...before, ...named(source, begun.lines)];
};

/** Begins to follow. The last `count` lines of each log that is there, in the order of the services. */
export const beginFollowing = (
  services: readonly Service[],
  count: number,
  warn: Following['warn'],
): { readonly following: Following; readonly first: readonly (readonly Line[])[] } => {
  const inotify = sys.inotify();
  const sources = services.map((service): Source => ({ service, log: null, places: new Set() }));
  const following = { inotify: isErrno(inotify) ? null : inotify, sources, warn };
  return { following, first: sources.map((source) => find(following, source, count, false)) };
};

export interface News {
  /** Each log's lines in their order. */
  readonly lines: readonly (readonly Line[])[];
  readonly more: boolean;
}

const newsOf = ({ warn }: Following, source: Source): { readonly lines: readonly Line[]; readonly more: boolean } => {
  const { log } = source;
  if (log === null) return { lines: [], more: false };
  const { lines, more } = newLinesOf(log);
  if (log.isIncomplete) warn(source.service);
  log.isIncomplete = false;
  const gone = !more && isGone(log);
  return { lines: [...named(source, lines), ...(gone ? drop(source) : [])], more };
};

/** `changed`: watches with news; null: anything may have changed. */
export const lookForLines = (following: Following, count: number, changed: ReadonlySet<number> | null): News => {
  const found = following.sources.map((source) => {
    const moved = changed === null || [...source.places].some((watch) => changed.has(watch));
    const first = newsOf(following, source);
    if (first.more || !(moved || source.log === null)) return first;
    const elsewhere = find(following, source, count, true);
    const { lines, more } = newsOf(following, source);
    return { lines: [...first.lines, ...elsewhere, ...lines], more };
  });
  return { lines: found.map(({ lines }) => lines), more: found.some(({ more }) => more) };
};

/** Waits for news, or for one of `watches`; at once where there is `more`. The watches with news; null for any. */
export const waitForNews = (
  { inotify, sources }: Following,
  watches: readonly Watch[],
  more: boolean,
): ReadonlySet<number> | null => {
  const mustLook = inotify === null || sources.some(({ log }) => log === null);
  const untilMs = more ? monotonicMs() : mustLook ? monotonicMs() + LOOK_MS : null;
  let changed: ReadonlySet<number> | null = new Set();
  const ready = (): void => {
    const bytes = inotify === null ? '' : sys.read(inotify, NEWS_BYTES);
    changed = isErrno(bytes) ? null : watchesIn(bytes);
  };
  waitOnce(inotify === null ? watches : [...watches, { fd: inotify, events: POLLIN, ready }], untilMs);
  return inotify === null && !more ? null : changed;
};
