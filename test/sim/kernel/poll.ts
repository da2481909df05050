// poll(2): what is ready, and the wait for it. Here the world moves.
//
// Promises: readiness, POLLNVAL, time-outs and EINTR are Linux's: a wait that a caught signal ends says EINTR, unless
// something else became ready at the same moment.
// Read next: main.ts (wait), descriptors.ts (poll of each kind).
import { EINVAL } from '../../../src/abi/errno.ts';
import { POLLERR, POLLHUP } from '../../../src/abi/flags.ts';
import type { Main } from './main.ts';
import { BLOCKED, POLLNVAL } from './numbers.ts';
import type { Process } from './processes.ts';
import { MS_NS } from './time.ts';

const ALWAYS = POLLERR | POLLHUP;

export const poll = (main: Main, fds: readonly number[], timeoutMs: number): readonly number[] | number => {
  if (fds.length % 2 !== 0) return -EINVAL;
  const { process, world } = main;
  const { clock } = world;
  const deadlineNs = timeoutMs < 0 ? Infinity : clock.nowNs + timeoutMs * MS_NS;
  const events: number[] = [];
  for (let at = 0; at < fds.length; at += 2) events.push(0);
  const startNs = clock.nowNs;
  let asked = 0;
  const ask = (): readonly number[] | number => {
    asked++;
    return look(process, fds, events) || clock.nowNs >= deadlineNs ? events : BLOCKED;
  };
  const answer = main.wait(ask, deadlineNs, false);
  main.returned(asked > 1 || clock.nowNs > startNs);
  return answer;
};

/** Fills `events`; whether there are any. */
const look = (process: Process, fds: readonly number[], events: number[]): boolean => {
  let ready = false;
  for (let at = 0; at < fds.length; at += 2) {
    const fd = fds[at] as number;
    if (fd < 0) continue;
    const description = process.at(fd);
    const found = description === null ? POLLNVAL : description.poll() & ((fds[at + 1] as number) | ALWAYS);
    events[at >> 1] = found;
    if (found !== 0) ready = true;
  }
  return ready;
};
