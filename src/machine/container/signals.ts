// What a signal asks of a runsvdir that supervises a whole container.
//
// TERM is docker's and everybody's; PWR is LXC's, RTMIN+3 that of systemd-nspawn and podman. RTMIN is 34 for one C
// library and 35 for another, so both numbers are taken. QUIT stands as STOPSIGNAL in images that others build upon.
// With a main command, the signals that have a meaning to programs are its own.

import { SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGTERM, SIGCONT, SIGWINCH, SIGPWR } from '../../abi/signals.ts';

const SIGRTMIN_3 = [37, 38] as const;

/** As in classic use; 0 for all others. */
const HANGUP_CODE = 111;

/** Signals that always ask for the end. */
const ENDING: readonly number[] = [SIGTERM, SIGPWR, ...SIGRTMIN_3];
/** Signals that ask for the end where there is no main command to get them. */
const ENDING_ALONE: readonly number[] = [SIGHUP, SIGINT, SIGQUIT];
/** What a main command gets besides those. */
const ONLY_FORWARDED: readonly number[] = [SIGUSR1, SIGUSR2, SIGCONT, SIGWINCH];

/** What to catch, whether or not it is ignored. */
export const endingSignals: readonly number[] = [...ENDING, SIGHUP];
/** What to catch unless it is ignored. */
export const optionalSignals = (command: boolean): readonly number[] =>
  command ? [SIGINT, SIGQUIT, ...ONLY_FORWARDED] : [SIGINT, SIGQUIT];

export type SignalAction =
  | { readonly kind: 'stop'; readonly code: number }
  /** pass it on to the main command */
  | { readonly kind: 'forward'; readonly signal: number }
  | { readonly kind: 'nothing' };

/** What `signal` asks for; `command`: a main command runs. */
export const signalAction = (signal: number, command: boolean): SignalAction => {
  if (ENDING.includes(signal)) return { kind: 'stop', code: 0 };
  const asksForStop = ENDING_ALONE.includes(signal);
  if (command && (asksForStop || ONLY_FORWARDED.includes(signal))) return { kind: 'forward', signal };
  return asksForStop ? { kind: 'stop', code: signal === SIGHUP ? HANGUP_CODE : 0 } : { kind: 'nothing' };
};
