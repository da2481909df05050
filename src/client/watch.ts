// Services as they change: what `sv watch` prints.
//
// Promises: woken by the kernel where it has inotify, else a look every 0.42 s; services that come join, those that go are
// reported. Events come from the history of a service; where a supervisor writes none, from differences of its status.
// Read next: snapshots.ts, ../formats/history.ts, ../applets/sv/watch.ts.
import type { Bytes } from '../abi/bytes.ts';
import { IN_CREATE, IN_DELETE, IN_MODIFY, IN_MOVED_FROM, IN_MOVED_TO, IN_ONLYDIR, POLLIN } from '../abi/flags.ts';
import { decodeHistory, HISTORY_MAX } from '../formats/history.ts';
import { watchesIn } from '../formats/inotify.ts';
import { momentText } from '../formats/moment.ts';
import { conditionOfSnapshot, type Snapshot } from '../formats/snapshot.ts';
import { type Fd, isErrno } from '../host/calls.ts';
import { monotonicMs, unixTime } from '../host/clock.ts';
import { waitOnce, type Watch } from '../host/loop.ts';
import { sys } from '../host/sys.ts';
import { readSupervised } from './read-state.ts';
import { newAsking, snapshotOf, servicesLike } from './snapshots.ts';
import { lookup, type Service } from './service.ts';

const LOOK_MS = 420;
const NONE: ReadonlySet<number> = new Set();
const NEWS_BYTES = 65_536;
const SCAN_CHANGES = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ONLYDIR;
const SERVICE_CHANGES = IN_CREATE | IN_MOVED_TO | IN_MODIFY | IN_ONLYDIR;

/** Something that has happened to a service. */
export interface Happening {
  readonly service: Bytes;
  /** RFC 3339. */
  readonly at: string;
  readonly event: string;
  readonly members: Readonly<Record<string, unknown>>;
}

interface Watched {
  readonly service: Service;
  snapshot: Snapshot;
  /** The number of the last event that was seen, -1 where there is no history. */
  last: number;
  watch: number;
}

export interface Watching {
  readonly patterns: readonly Bytes[];
  readonly inotify: Fd | null;
  scanWatch: number;
  /** Watches with news since the last quiet moment: a runsv that ends then has no event for it. */
  recent: ReadonlySet<number>;
  readonly all: Map<Bytes, Watched>;
}

const historyOf = (dir: Bytes): ReturnType<typeof decodeHistory> =>
  decodeHistory(readSupervised(`${dir}/supervise/history.jsonl`, 2 * HISTORY_MAX) ?? '');

const isoNow = (): string => {
  const [sec, nsec] = unixTime();
  return momentText(sec, nsec);
};

const happening = (watched: Watched, event: string, members: Happening['members']): Happening => ({
  service: watched.service.name,
  at: isoNow(),
  event,
  members,
});

const conditionMembers = (snapshot: Snapshot): Happening['members'] => ({
  condition: conditionOfSnapshot(snapshot),
  ...(snapshot.main === null || snapshot.main.status.pid === 0 ? {} : { pid: snapshot.main.status.pid }),
});

const isSame = (one: Snapshot, other: Snapshot): boolean =>
  conditionOfSnapshot(one) === conditionOfSnapshot(other) && one.main?.status.pid === other.main?.status.pid;

/** The events of a service since the last look. */
const newsOf = (watched: Watched): readonly Happening[] => {
  const before = watched.snapshot;
  watched.snapshot = snapshotOf(watched.service, newAsking(false));
  const history = historyOf(watched.service.dir);
  // a history that was removed begins again with 1
  if ((history.at(-1)?.n ?? watched.last) < watched.last) watched.last = -1;
  const fresh = history.filter(({ n }) => n > watched.last);
  if (history.length === 0) {
    return isSame(before, watched.snapshot) ? [] : [happening(watched, 'changed', conditionMembers(watched.snapshot))];
  }
  const [first] = fresh;
  const missed = first === undefined || watched.last < 0 ? 0 : first.n - watched.last - 1;
  watched.last = history.at(-1)?.n ?? watched.last;
  const gap = missed > 0 ? [happening(watched, 'gap', { missed })] : [];
  const hasLeft = before.main !== null && watched.snapshot.main === null;
  return [
    ...gap,
    ...fresh.map(({ at, event, members }) => ({ service: watched.service.name, at, event, members })),
    // nobody is left who would record it
    ...(hasLeft ? [happening(watched, 'changed', conditionMembers(watched.snapshot))] : []),
  ];
};

/** Watches what is at the service's path now: a directory in place of another has a watch of its own. */
const aim = ({ inotify, all }: Watching, watched: Watched): void => {
  if (inotify === null) return;
  const before = watched.watch;
  watched.watch = sys.watch(inotify, `${watched.service.dir}/supervise`, SERVICE_CHANGES);
  if (before < 0 || before === watched.watch) return;
  const isUsed = [...all.values()].some(({ watch }) => watch === before);
  if (!isUsed) sys.unwatch(inotify, before);
};

const join = (watching: Watching, service: Service): Happening => {
  // watched before it is looked at, so that no change falls between
  const { inotify } = watching;
  const watch = inotify === null ? -1 : sys.watch(inotify, `${service.dir}/supervise`, SERVICE_CHANGES);
  const snapshot = snapshotOf(service, newAsking(false));
  const watched: Watched = { service, snapshot, last: historyOf(service.dir).at(-1)?.n ?? -1, watch };
  watching.all.set(service.dir, watched);
  return happening(watched, 'is', conditionMembers(snapshot));
};

/** Services that have come and gone. */
const rescan = (watching: Watching): readonly Happening[] => {
  const services = servicesLike(watching.patterns);
  if (typeof services === 'number') return [];
  const there = new Set(services.map(({ dir }) => dir));
  const gone = [...watching.all.values()].filter(({ service }) => !there.has(service.dir));
  for (const { service, watch } of gone) {
    watching.all.delete(service.dir);
    if (watch >= 0 && watching.inotify !== null) sys.unwatch(watching.inotify, watch);
  }
  return [
    ...gone.map((watched) => happening(watched, 'removed', {})),
    ...services.filter(({ dir }) => !watching.all.has(dir)).map((service) => join(watching, service)),
  ];
};

/** Begins to watch the services of the scan directory that match; what they are now are the first events. */
export const beginWatching = (patterns: readonly Bytes[]): { watching: Watching; first: readonly Happening[] } => {
  const inotify = sys.inotify();
  const watching: Watching = {
    patterns,
    inotify: isErrno(inotify) ? null : inotify,
    scanWatch: -1,
    recent: NONE,
    all: new Map(),
  };
  if (watching.inotify !== null) watching.scanWatch = sys.watch(watching.inotify, lookup().dir, SCAN_CHANGES);
  return { watching, first: rescan(watching) };
};

/** Whether no event reports changes of a service: its supervise is not there yet, or the kernel has no more watches. */
const isDeaf = ({ watch }: Watched): boolean => watch < 0;

const lookAgain = (watching: Watching, changed: ReadonlySet<number> | null): readonly Happening[] => {
  const all = [...watching.all.values()];
  const rescans = changed === null || watching.scanWatch < 0 || changed.has(watching.scanWatch);
  const seen = all.filter((watched) => rescans || changed.has(watched.watch) || isDeaf(watched));
  // watched before it is looked at, here too
  for (const watched of seen) aim(watching, watched);
  const happenings = seen.flatMap(newsOf);
  return rescans ? [...happenings, ...rescan(watching)] : happenings;
};

const mustLook = ({ inotify, scanWatch, all }: Watching): boolean =>
  inotify === null || scanWatch < 0 || [...all.values()].some(isDeaf);

/** Milliseconds until it must look again without an event; null: never. */
export const lookAfterMs = (watching: Watching): number | null =>
  mustLook(watching) || watching.recent.size > 0 ? LOOK_MS : null;

/** What has happened, where these watches have news; null: it is not known which, as some news were lost. */
export const happeningsAfter = (watching: Watching, news: ReadonlySet<number> | null): readonly Happening[] => {
  const looksAtAll = news === null || (news.size === 0 && mustLook(watching));
  const changed = looksAtAll ? null : new Set([...watching.recent, ...news]);
  watching.recent = news === null || news.size === 0 ? NONE : (changed ?? NONE);
  return lookAgain(watching, changed);
};

/** Waits until something happens, one of `others` is ready or the time is over (monotonic milliseconds, null: never). */
export const waitForHappenings = (
  watching: Watching,
  others: readonly Watch[],
  untilMs: number | null,
): readonly Happening[] => {
  const { inotify } = watching;
  const afterMs = lookAfterMs(watching);
  const lookMs = afterMs === null ? null : monotonicMs() + afterMs;
  const dueMs = lookMs === null ? untilMs : Math.min(lookMs, untilMs ?? lookMs);
  let news: ReadonlySet<number> | null = NONE;
  const watches: Watch[] = [...others];
  if (inotify !== null) {
    const ready = (): void => {
      const bytes = sys.read(inotify, NEWS_BYTES);
      news = isErrno(bytes) ? null : watchesIn(bytes);
    };
    watches.push({ fd: inotify, events: POLLIN, ready });
  }
  waitOnce(watches, dueMs);
  return happeningsAfter(watching, news);
};

/** Lets go of the watches. */
export const endWatching = ({ inotify }: Watching): void => {
  if (inotify !== null) sys.close(inotify);
};
