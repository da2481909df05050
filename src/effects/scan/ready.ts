// Telling whoever started runsvdir that the services are ready: a newline on the descriptor of --ready-fd.
//
// Promises: each service of the first scan is looked at as a dependency is (../service/examining.ts) that nobody insists on: one that
// has failed, is done, or is down and not wanted up, is not waited for. Makes no wake-up while nothing changes, and never waits.
// Lies in a cold part. Read next: supervisor.ts (who calls).
import type { Bytes } from '../../abi/bytes.ts';
import { POLLOUT } from '../../abi/flags.ts';
import { SIGKILL } from '../../abi/signals.ts';
import { err, visible } from '../../cli/say.ts';
import { changedWatches, OVERFLOW } from '../../formats/inotify.ts';
import { type Fd, isErrno } from '../../host/calls.ts';
import { sys } from '../../host/sys.ts';
import type { Diagnostics } from '../diagnostics.ts';
import { type Loop, newTimer, setTimer, unwatch, watch } from '../loop.ts';
import { FILES, letGo, lookAgain, nextLookMs } from '../service/examining.ts';
import type { Followed, Order } from '../service/followed.ts';
import { newFollowed } from '../service/listing.ts';

const EVENT_BYTES = 65536;

/** The descriptor of --ready-fd, which services must not get; null: it is none, which was told. */
export const readyFdOf = (text: Bytes): Fd | null => {
  const fd = /^[1-9]\d{0,5}$/.test(text) ? (Number(text) as Fd) : null;
  if (fd !== null && !isErrno(sys.setCloexec(fd, 1))) return fd;
  err(`runsvdir: fatal: --ready-fd: expected the number of an open descriptor, got '${visible(text)}'\n`);
  return null;
};

/** What is needed of a running runsvdir. */
export interface Teller {
  readonly dir: Bytes;
  readonly loop: Loop;
  readonly diagnostics: Diagnostics;
}

const isMet = ({ verdict }: Followed): boolean => verdict === 'met';

/** Whoever reads has one newline to read, or has gone. */
const tell = ({ diagnostics }: Teller, fd: Fd): void => {
  const polled = sys.poll([fd, POLLOUT], 0);
  const isReady = !isErrno(polled) && ((polled[0] ?? 0) & POLLOUT) !== 0;
  const written = isReady ? sys.write(fd, '\n') : 0;
  if (written !== 1) diagnostics.warn('unable to write to the descriptor of --ready-fd');
  sys.close(fd);
};

/** Writes to `fd` once all of these services are ready, and closes it. */
export const awaitReady = (teller: Teller, fd: Fd, names: readonly Bytes[]): void => {
  const { loop, diagnostics, dir } = teller;
  // dependencies lie beside a service
  const looker = { loop, diagnostics, path: `${dir}/-` };
  const inotify = sys.inotify();
  const look = (one: Followed): void => {
    if (isMet(one)) return;
    lookAgain(looker, order, one);
    if (isMet(one)) letGo(looker, order, one);
  };
  const settle = (): void => {
    setTimer(loop, order.timer, nextLookMs(order));
    if (!order.followed.every(isMet)) return;
    setTimer(loop, order.timer, null);
    if (!isErrno(inotify)) {
      unwatch(loop, inotify);
      sys.close(inotify);
    }
    tell(teller, fd);
  };
  const due = (nowMs: number): void => {
    for (const one of order.followed) {
      if (one.check !== null && one.check.untilMs <= nowMs) sys.kill(one.check.pid, SIGKILL);
      if (one.nextMs !== null && one.nextMs <= nowMs) look(one);
    }
    settle();
  };
  const order: Order = {
    told: new Set(),
    timer: newTimer(due),
    inotify: isErrno(inotify) ? null : inotify,
    besideWatch: -1,
    followed: names.map((name) => Object.assign(newFollowed(looker, name), { optional: true })),
    isLost: false,
    settle,
  };
  const takeEvents = (source: Fd): void => {
    const bytes = sys.read(source, EVENT_BYTES);
    if (isErrno(bytes)) return;
    const changed = changedWatches(bytes, FILES);
    for (const one of order.followed) {
      if ([one.watch, one.folderWatch, OVERFLOW].some((each) => changed.has(each))) look(one);
    }
    settle();
  };
  if (!isErrno(inotify)) watch(loop, inotify, () => takeEvents(inotify));
  for (const one of order.followed) look(one);
  settle();
};
