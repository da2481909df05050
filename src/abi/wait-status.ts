// The status that wait(2) gives for a process that has ended.

const SIGNAL_BITS = 0x7f;
/** What shells add to the number of a signal to make an exit code of it. */
const SIGNALLED = 128;

/** The exit code, -1 where a signal has ended the process; the signal, 0 where it has exited. */
export interface Ended {
  readonly code: number;
  readonly signal: number;
}

/** Decodes a status. */
export const decodeWait = (status: number): Ended => {
  const signal = status & SIGNAL_BITS;
  return { code: signal === 0 ? (status >> 8) & 0xff : -1, signal };
};

/** One exit code for both, as shells have it: 0 to 255, or 128 and the signal. */
export const exitCodeOf = (status: number): number => {
  const { code, signal } = decodeWait(status);
  return signal === 0 ? code : SIGNALLED + signal;
};
