// The time. Deadlines use the monotonic clock; the wall clock is only ever printed.
// Indices, as a pattern that takes an array apart costs more than all the rest.
import type { Errno } from './calls.ts';
import { CLOCK_BOOTTIME, CLOCK_MONOTONIC, CLOCK_REALTIME } from '../abi/flags.ts';
import { sys } from './sys.ts';

type Time = readonly [number, number];

/** Nothing goes on without the time, which only a filter of system calls refuses. */
const read = (clock: number): Time => {
  const now: Time | Errno = sys.clock(clock);
  if (typeof now === 'number') throw new Error(`unable to read clock ${clock}, errno ${-now}`);
  return now;
};

const ms = (clock: number): number => {
  const now = read(clock);
  return now[0] * 1000 + now[1] / 1e6;
};

/** Monotonic milliseconds. */
export const monotonicMs = (): number => ms(CLOCK_MONOTONIC);

/** Milliseconds since boot, sleep included: what a process's start time in /proc counts from. */
export const bootMs = (): number => Math.floor(ms(CLOCK_BOOTTIME));

/** Unix time, seconds and nanoseconds. */
export const unixTime = (): Time => read(CLOCK_REALTIME);

/** Unix time as runit labels it: whole microseconds and half a one. */
export const wallClock = (): { readonly sec: number; readonly nsec: number } => {
  const now = unixTime();
  return { sec: now[0], nsec: now[1] - (now[1] % 1000) + 500 };
};

/** Unix time in milliseconds. */
export const nowMs = (): number => ms(CLOCK_REALTIME);
