// The ways in which a ./run itself tells that it is ready: a newline on a descriptor, and messages of sd_notify(3).
//
// Promises: whoever writes while no supervisor reads gets no SIGPIPE, and what was written waits: the descriptor is open for both,
// and the socket has the same name again. Only root, we, and the user of ./run are believed. Reading never blocks; a turn takes at
// most TURN_MAX messages, and makes a handful of events of them, whatever they say.
// Read first: ../../formats/notify.ts. Read next: readiness.ts (who calls).
import type { Bytes } from '../../abi/bytes.ts';
import { EADDRINUSE, EAGAIN } from '../../abi/errno.ts';
import { AF_UNIX, O_NONBLOCK, O_RDONLY, O_RDWR, SOCK_DGRAM } from '../../abi/flags.ts';
import { decodeNotify, NOTIFY_MAX, type NotifyEvent } from '../../formats/notify.ts';
import { inOrder } from '../../formats/notify-turn.ts';
import { type Errno, type Fd, isErrno } from '../../host/calls.ts';
import { sys } from '../../host/sys.ts';
import { bootMs, monotonicMs } from '../../host/clock.ts';
import { newTimer, setTimer, type Timer, unwatch, watch } from '../loop.ts';
import { readSmall } from '../process/proc.ts';
import { warnOnce } from './policy.ts';
import type { ReadinessEvent } from '../../machine/service/readiness.ts';
import type { LivePair } from './pair.ts';
import type { Trouble } from './status-files.ts';

const READ_MAX = 4096;
/** Messages that one turn takes. */
const TURN_MAX = 64;
/** How long a process may take to end once its descriptors are closed. */
const ENDING_MS = 200;
/** Until messages that could not be had are asked for again. */
const RETRY_MS = 1000;
/** A status text is told at most so often. */
const TEXT_PAUSE_MS = 100;
/** Other names that are tried where one is taken. */
const NAMES_MAX = 8;
const OUR_NAME = /^@runit-\d+-\d+-\d+$/;

export type Happen = (...events: readonly ReadinessEvent[]) => void;

/** A descriptor, or a socket, on which ./run tells. */
export interface Source {
  /** For spawn: the child's descriptor, ours. */
  readonly fds: readonly number[];
  /** The name of the socket; null: it is none. */
  readonly name: Bytes | null;
  /** ./run was started: the child's end is closed. */
  listen(happen: Happen): void;
  /** Takes what there is. */
  take(): void;
  close(): void;
}

// ---- a newline on a descriptor ----------------------------------------------------------------------------------

/** The end for ./run: opened for reading as well, where /proc is there to do that. */
const writerOf = (end: Fd): Fd => {
  const both = sys.open(`/proc/self/fd/${end}`, O_RDWR, 0);
  if (isErrno(both)) {
    sys.setBlocking(end);
    return end;
  }
  sys.close(end);
  return both;
};

/** `writer`: what ./run gets as `number`; null: it has it already. */
const pipeSource = (live: LivePair, number: number, reader: Fd, writer: Fd | null): Source => {
  let [theirs, ours]: [Fd | null, Fd | null] = [writer, reader];
  let isWatched = false;
  let tell: Happen = () => undefined;
  const closeOurs = (): void => {
    if (ours === null) return;
    if (isWatched) unwatch(live.loop, ours);
    sys.close(ours);
    ours = null;
  };
  const closeTheirs = (): void => {
    if (theirs !== null) sys.close(theirs);
    theirs = null;
  };
  const take = (): boolean => {
    const text = ours === null ? '' : sys.read(ours, READ_MAX);
    if (isErrno(text)) return true;
    if (text.includes('\n')) {
      closeOurs();
      tell({ kind: 'ready', by: 'fd' });
      return true;
    }
    return text !== '';
  };
  const timer = newTimer(() => live.diagnostics.warn(`./run closed descriptor ${number} without a newline, not ready`));
  const readable = (): void => {
    if (take()) return;
    closeOurs();
    // an end of ./run closes it as well, a moment before that is known
    setTimer(live.loop, timer, monotonicMs() + ENDING_MS);
  };
  return {
    fds: writer === null ? [] : [number, writer],
    name: null,
    listen: (happen) => {
      tell = happen;
      closeTheirs();
      isWatched = true;
      watch(live.loop, reader, readable);
    },
    take: () => void take(),
    close: () => {
      setTimer(live.loop, timer, null);
      closeTheirs();
      closeOurs();
    },
  };
};

/** A pipe for a ./run that is about to start. */
export const makePipe = (live: LivePair, number: number): Source | Trouble => {
  const ends = sys.pipe(O_NONBLOCK);
  if (isErrno(ends)) return { what: 'unable to create a pipe for notification-fd', errno: ends };
  return pipeSource(live, number, ends[0], writerOf(ends[1]));
};

/** The pipe that a ./run has got from an earlier supervisor: one that is open for both. A pipe of its own never is. */
export const adoptPipe = (live: LivePair, pid: number, number: number): Source | null => {
  const target = sys.readlink(`/proc/${pid}/fd/${number}`);
  const info = readSmall(`/proc/${pid}/fdinfo/${number}`);
  if (isErrno(target) || isErrno(info) || !target.startsWith('pipe:') || !/^flags:\s*\d*2$/m.test(info)) return null;
  const reader = sys.open(`/proc/${pid}/fd/${number}`, O_RDONLY | O_NONBLOCK, 0);
  return isErrno(reader) ? null : pipeSource(live, number, reader, null);
};

// ---- messages ---------------------------------------------------------------------------------------------------

/** The real and the effective user of a process. */
const usersOf = (pid: number): readonly number[] => {
  const status = readSmall(`/proc/${pid}/status`);
  const match = isErrno(status) ? null : /^Uid:\s+(\d+)\s+(\d+)/m.exec(status);
  return match === null ? [] : [Number(match[1]), Number(match[2])];
};

/** Whom to believe at this moment, which is looked up once where it is needed. */
const believer = ({ pair }: LivePair): ((uid: number) => boolean) => {
  const own = sys.geteuid();
  let users: readonly number[] | null = null;
  return (uid) => {
    if (uid === 0 || uid === own) return true;
    users ??= usersOf(pair.main.process?.pid ?? 0);
    return users.includes(uid);
  };
};

/** What a turn's messages say, of those that are believed; null: they cannot be had now. */
const receiveAll = (live: LivePair, socket: Fd): readonly NotifyEvent[] | null => {
  const events: NotifyEvent[] = [];
  const isBelieved = believer(live);
  for (let count = 0; count < TURN_MAX; count++) {
    const message = sys.receive(socket, NOTIFY_MAX + 1);
    if (isErrno(message)) return message === -EAGAIN || count > 0 ? inOrder(events) : null;
    const [text, , uid] = message;
    if (isBelieved(uid)) events.push(...decodeNotify(text));
    else
      warnOnce(live.values, `message from user ${uid} on the notification socket dropped: ./run runs as another user`);
  }
  return inOrder(events);
};

const socketSource = (live: LivePair, name: Bytes, socket: Fd): Source => {
  let tell: Happen = () => undefined;
  let text: Bytes | null = null;
  let textMs = -Infinity;
  const textNow = (): readonly ReadinessEvent[] => {
    if (text === null) return [];
    const event = { kind: 'text', text } as const;
    text = null;
    textMs = monotonicMs();
    return [event];
  };
  const timer = newTimer(() => tell(...textNow()));
  /** One that comes too soon after the last is told later, unless another comes before that. */
  const noteText = (next: Bytes): readonly ReadinessEvent[] => {
    const dueMs = textMs + TEXT_PAUSE_MS;
    const isSoon = monotonicMs() < dueMs;
    text = next === live.pair.main.life?.told.text ? null : next;
    setTimer(live.loop, timer, isSoon && text !== null ? dueMs : null);
    return isSoon ? [] : textNow();
  };
  const meant = (event: NotifyEvent): readonly ReadinessEvent[] => {
    const pid = live.pair.main.process?.pid ?? 0;
    if (event.kind === 'ready') return [{ kind: 'ready', by: 'socket' }];
    if (event.kind === 'mainPid' && event.pid !== pid) {
      warnOnce(live.values, `MAINPID=${event.pid}: a process in the background is not supervised, ignored`);
    }
    if (event.kind === 'text') return noteText(event.text);
    return event.kind === 'mainPid' ? [] : [event];
  };
  const take = (): void => {
    const received = receiveAll(live, socket);
    const events = (received ?? []).flatMap(meant);
    if (events.length > 0) tell(...events);
    if (received === null) listenLater();
  };
  const listen = (): void => watch(live.loop, socket, take);
  // null once it is closed: so it holds nothing that leads back to it
  let again: Timer | null = newTimer(listen);
  const listenLater = (): void => {
    unwatch(live.loop, socket);
    if (again !== null) setTimer(live.loop, again, monotonicMs() + RETRY_MS);
  };
  return {
    fds: [],
    name,
    listen: (happen) => {
      tell = happen;
      listen();
    },
    take,
    close: () => {
      setTimer(live.loop, timer, null);
      if (again !== null) setTimer(live.loop, again, null);
      again = null;
      unwatch(live.loop, socket);
      sys.close(socket);
    },
  };
};

/** In the abstract namespace: a name without a file, which goes with its last descriptor. */
const bind = (name: Bytes): Fd | Errno => sys.socket(AF_UNIX, SOCK_DGRAM, `\0${name.slice(1)}`, 1);

/** `directory`: its device and inode. */
export const makeSocket = (live: LivePair, directory: Bytes): Source | Trouble => {
  const start = bootMs();
  let socket: Fd | Errno = -EADDRINUSE as Errno;
  for (let at = 0; at < NAMES_MAX && socket === -EADDRINUSE; at++) {
    const name = `@runit-${directory.replace(':', '-')}-${start + at}`;
    socket = bind(name);
    if (!isErrno(socket)) return socketSource(live, name, socket);
  }
  return { what: 'unable to create the notification socket', errno: socket };
};

/** The socket of a ./run that an earlier supervisor has started, by its name. */
export const adoptSocket = (live: LivePair, name: Bytes): Source | null => {
  const socket = OUR_NAME.test(name) ? bind(name) : null;
  if (socket !== null && !isErrno(socket)) return socketSource(live, name, socket);
  live.diagnostics.warn(
    `unable to bind the notification socket again: ./run cannot report readiness`,
    socket ?? undefined,
  );
  return null;
};
