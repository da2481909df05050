// Closes a pair in a process that continues without it: everything that the end of a runsv would close.
//
// Promises: afterwards the lock is free, clients see that the service is not supervised, and no handler of the pair is called. Its processes are
// left alone. Part of a cold part (../../cold-one.ts).
// Read next: pair.ts (what it holds), ../scan/residents.ts (who calls).
import type { Fd } from '../../host/calls.ts';
import { sys } from '../../host/sys.ts';
import { setTimer, unwatch } from '../loop.ts';
import { forget } from '../process/held.ts';
import { forgetHolder } from './log-service.ts';
import type { LivePair } from './pair.ts';
import type { LiveSide } from './side.ts';

const closeIf = (fd: Fd | null | undefined): void => {
  if (fd !== null && fd !== undefined) sys.close(fd);
};

const closeSide = (live: LivePair, side: LiveSide): void => {
  unwatch(live.loop, side.control);
  if (side.adopted !== null) forget(live.loop, side.adopted);
  side.adopted = null;
  for (const fd of [side.ok, side.control, side.lock.fd]) closeIf(fd);
};

const closeOrder = ({ loop, order }: LivePair): void => {
  if (order === null) return;
  setTimer(loop, order.timer, null);
  for (const fd of [order.inotify, ...order.followed.map(({ fifo }) => fifo)]) {
    if (fd === null) continue;
    unwatch(loop, fd);
    sys.close(fd);
  }
};

/** Closes everything but `telling`, which may still have messages: end that first. */
export const closePair = (live: LivePair): void => {
  setTimer(live.loop, live, null);
  forgetHolder(live);
  closeOrder(live);
  closeIf(live.pipe?.readEnd);
  closeIf(live.pipe?.writeEnd);
  if (live.log !== null) closeSide(live, live.log);
  closeSide(live, live.main);
};
