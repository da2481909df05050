// The time. Deadlines use the monotonic clock; the wall clock is only ever printed.
import { CLOCK_BOOTTIME, CLOCK_MONOTONIC, CLOCK_REALTIME } from './linux.ts';
import { sys } from './sys.ts';

const ms = (clock: number): number => {
  const [sec, nsec] = sys.clock(clock);
  return sec * 1000 + nsec / 1e6;
};

/** Monotonic milliseconds. */
export const monotonicMs = (): number => ms(CLOCK_MONOTONIC);

/** Milliseconds since boot, sleep included: what a process's start time in /proc counts from. */
export const bootMs = (): number => Math.floor(ms(CLOCK_BOOTTIME));

/** Unix time as runit labels it: whole microseconds and half a one. */
export const wallClock = (): { readonly sec: number; readonly nsec: number } => {
  const [sec, nsec] = sys.clock(CLOCK_REALTIME);
  return { sec, nsec: nsec - (nsec % 1000) + 500 };
};
