// Signal numbers of Linux on every architecture that this program is built for (x86, arm, riscv).
export const SIGHUP = 1;
export const SIGINT = 2;
export const SIGQUIT = 3;
export const SIGABRT = 6;
export const SIGKILL = 9;
export const SIGUSR1 = 10;
export const SIGUSR2 = 12;
export const SIGPIPE = 13;
export const SIGALRM = 14;
export const SIGTERM = 15;
export const SIGCHLD = 17;
export const SIGCONT = 18;
export const SIGSTOP = 19;
export const SIGTSTP = 20;
export const SIGXFSZ = 25;
export const SIGWINCH = 28;
export const SIGPWR = 30;

const NAMES =
  'HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS'.split(
    ' ',
  );

/** A signal's name without SIG, as `kill -l` has it; a number for those that have none. */
export const signalName = (signal: number): string => NAMES[signal - 1] ?? String(signal);

const SIGNAL_MAX = 64;

/** The number of a signal: its name in any case, with or without SIG, or 1 to 64; null for none. */
export const signalNumber = (text: string): number | null => {
  if (/^\d{1,2}$/.test(text)) return Number(text) >= 1 && Number(text) <= SIGNAL_MAX ? Number(text) : null;
  const at = NAMES.indexOf(text.toUpperCase().replace(/^SIG/, ''));
  return at < 0 ? null : at + 1;
};
