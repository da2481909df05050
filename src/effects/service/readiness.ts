// How a service tells that it is ready: what its files ask for, made before each start and closed at each end.
//
// Promises: state.json says by what ./run will tell before it is started; a start for which that cannot be made, or written, is put
// off. Without one of the files nothing here is called: it lies in a cold part. What ./run has told before its end counts.
// Read first: ../../machine/service/readiness.ts. Read next: notification.ts, checking.ts (the ways to tell).
import type { Bytes } from '../../abi/bytes.ts';
import { parseDescriptor, parseInterval, parseTimeout } from '../../formats/values.ts';
import type { Event } from '../../machine/service/model.ts';
import {
  handleReadiness,
  newTold,
  type ReadinessEvent,
  type ReadinessPolicy,
} from '../../machine/service/readiness.ts';
import { sys } from '../../host/sys.ts';
import { newChecking } from './checking.ts';
import { adoptPipe, adoptSocket, makePipe, makeSocket, type Source } from './notification.ts';
import { hasFile, valueOf, warnOnce } from './policy.ts';
import type { Happening, LivePair, Telling } from './pair.ts';
import type { Trouble } from './status-files.ts';
import type { PrepareTelling, ResumeTelling } from './telling.ts';

const X_OK = 1;
const USEC_PER_MS = 1000;
/** Variables that are for another process, where our own supervisor has set them. */
const NOT_OURS = /^(NOTIFY_SOCKET|WATCHDOG_USEC|WATCHDOG_PID)=/;

interface Files extends ReadinessPolicy {
  /** The descriptor on which ./run writes a newline; null: none. */
  readonly fd: number | null;
  readonly socket: boolean;
}

/** What the files of the service say now; null: nothing that tells. */
const readFiles = ({ values }: LivePair): Files | null => {
  const fd = valueOf(values, 'notification-fd', parseDescriptor, null);
  const socket = hasFile(values, 'notification-socket');
  let checkMs = valueOf(values, 'check-interval', parseInterval, null);
  if (checkMs !== null && !hasFile(values, 'check', X_OK)) {
    warnOnce(values, 'check-interval: no executable ./check, ignored');
    checkMs = null;
  }
  const upMs = valueOf(values, 'timeout-up', parseTimeout, null);
  const watchdogMs = valueOf(values, 'timeout-watchdog', parseTimeout, null);
  const by = fd !== null ? 'fd' : socket ? 'socket' : 'check';
  if (fd === null && !socket && checkMs === null) {
    if (upMs !== null) warnOnce(values, 'timeout-up: nothing reports whether ./run is ready, ignored');
    if (watchdogMs !== null) warnOnce(values, 'timeout-watchdog: nothing gives signs of life, ignored');
    return null;
  }
  if (socket || checkMs !== null || watchdogMs === null) return { fd, socket, by, checkMs, upMs, watchdogMs };
  warnOnce(values, 'timeout-watchdog: nothing gives signs of life, ignored');
  return { fd, socket, by, checkMs, upMs, watchdogMs: null };
};

/** An event of readiness, as something that happens to the pair. */
const told =
  (event: ReadinessEvent): Happening =>
  ({ pair }, now) => {
    const { service, effects } = handleReadiness(pair.main, event, now);
    return {
      pair: { ...pair, main: service },
      effects: effects.map((effect) => ({ kind: 'on', side: 'main', effect })),
    };
  };

const environmentFor = ({ watchdogMs }: Files, socket: Bytes | null): readonly Bytes[] => [
  ...sys.environ().filter((entry) => socket === null || !NOT_OURS.test(entry)),
  ...(socket === null ? [] : [`NOTIFY_SOCKET=${socket}`]),
  ...(socket === null || watchdogMs === null ? [] : [`WATCHDOG_USEC=${watchdogMs * USEC_PER_MS}`]),
];

/** `began`: what has happened once ./run runs. */
const newTelling = (live: LivePair, files: Files, sources: readonly Source[], began: Happening): Telling => {
  // what it calls must not lead back to it: the engine collects cycles only when there are many
  let isOpen = true;
  const happen = (...events: readonly ReadinessEvent[]): void => {
    if (isOpen) live.handlers.happen(live, events.map(told));
  };
  const checking = newChecking(live, files.checkMs, (yes) => happen({ kind: 'checked', yes }));
  const socket = sources.find(({ name }) => name !== null)?.name ?? null;
  const close = (): void => {
    for (const source of sources) source.close();
    isOpen = false;
    live.telling = null;
  };
  const listen = (): readonly Happening[] => {
    for (const source of sources) source.listen(happen);
    return [began];
  };
  return {
    fds: sources.flatMap(({ fds }) => fds),
    env: environmentFor(files, socket),
    started: ({ kind }: Event) => {
      if (kind === 'started') return listen();
      close();
      return [];
    },
    ask: () => checking.ask(),
    resumed: told({ kind: 'resumed' }),
    end: () => {
      for (const source of sources) source.take();
      checking.end();
      close();
    },
  };
};

/** Services whose start is put off, which was told. */
const postponed = new WeakSet<LivePair>();

const putOff = (live: LivePair, sources: readonly (Source | Trouble)[], { what, errno }: Trouble): false => {
  for (const source of sources) if ('close' in source) source.close();
  if (!postponed.has(live)) live.diagnostics.warn(`${what}, trying again`, errno);
  postponed.add(live);
  return false;
};

const isTrouble = (made: Source | Trouble): made is Trouble => 'what' in made;

/** Makes what ./run is to tell by, if it can. False: that was refused, so it must not be started now. */
export const prepareTelling: PrepareTelling = (live) => {
  const files = readFiles(live);
  if (files === null) return true;
  const made: (Source | Trouble)[] = [];
  if (files.fd !== null) made.push(makePipe(live, files.fd));
  if (files.socket) made.push(makeSocket(live, live.main.lock.directory));
  const trouble = made.find(isTrouble);
  if (trouble !== undefined) return putOff(live, made, trouble);
  const sources = made as readonly Source[];
  const first = newTold(files.by, sources.find(({ name }) => name !== null)?.name ?? null);
  const unwritten = live.handlers.publishTold(live, first);
  if (unwritten !== null) return putOff(live, made, unwritten);
  postponed.delete(live);
  live.telling = newTelling(live, files, sources, told({ kind: 'began', policy: files, told: first }));
  return true;
};

/** A ./run that an earlier supervisor has started goes on telling, as far as the record of what it told by is known. */
export const resumeTelling: ResumeTelling = (live) => {
  const files = readFiles(live);
  const pid = live.pair.main.process?.pid ?? 0;
  const state = live.main.recorder?.state;
  if (files === null) return;
  // what it had not told when its supervisor ended, it may have told meanwhile
  const before = state?.pid === pid && state.by !== null ? state : newTold(files.by, state?.socket ?? null);
  const sources = [
    files.fd === null || state?.by === undefined || before.readyAt !== null ? null : adoptPipe(live, pid, files.fd),
    files.socket && before.socket !== null ? adoptSocket(live, before.socket) : null,
  ].filter((source) => source !== null);
  const { by, ready, readyAt, text, reloading, stopping, socket } = before;
  const known = { by: by ?? files.by, ready, readyAt, text, reloading, stopping, socket };
  if (live.main.recorder === null) live.handlers.publishTold(live, known);
  live.telling = newTelling(live, files, sources, told({ kind: 'began', policy: files, told: known }));
  live.handlers.happen(live, live.telling.started({ kind: 'started', pid }));
};
