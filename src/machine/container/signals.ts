// What a signal means to a runsvdir that supervises a whole container.
//
// TERM is docker's and everybody's; PWR is LXC's, RTMIN+3 that of systemd-nspawn and podman. RTMIN is 34 for one C
// library and 35 for another, so both numbers count. QUIT is the STOPSIGNAL of images that others build upon.
// A main command gets the signals that mean something to programs.

import { SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGTERM, SIGCONT, SIGWINCH, SIGPWR } from '../../abi/signals.ts';

const SIGRTMIN_3 = [37, 38] as const;

/** As in classic use; 0 for all others. */
const HANGUP_CODE = 111;

/** Signals that always request a stop. */
const ENDING: readonly number[] = [SIGTERM, SIGPWR, ...SIGRTMIN_3];
/** Signals that request a stop if no main command gets them. */
const ENDING_ALONE: readonly number[] = [SIGHUP, SIGINT, SIGQUIT];
/** Other signals that a main command gets. */
const ONLY_FORWARDED: readonly number[] = [SIGUSR1, SIGUSR2, SIGCONT, SIGWINCH];

/** Signals to catch even if they are ignored. */
export const endingSignals: readonly number[] = [...ENDING, SIGHUP];
/** Signals to catch unless they are ignored. */
export const optionalSignals = (command: boolean): readonly number[] =>
  command ? [SIGINT, SIGQUIT, ...ONLY_FORWARDED] : [SIGINT, SIGQUIT];

export type SignalAction =
  | { readonly kind: 'stop'; readonly code: number }
  /** send it to the main command */
  | { readonly kind: 'forward'; readonly signal: number }
  | { readonly kind: 'nothing' };

/** What to do about `signal`; `command`: a main command runs. */
export const signalAction = (signal: number, command: boolean): SignalAction => {
  if (ENDING.includes(signal)) return { kind: 'stop', code: 0 };
  const asksForStop = ENDING_ALONE.includes(signal);
  if (command && (asksForStop || ONLY_FORWARDED.includes(signal))) return { kind: 'forward', signal };
  return asksForStop ? { kind: 'stop', code: signal === SIGHUP ? HANGUP_CODE : 0 } : { kind: 'nothing' };
};
