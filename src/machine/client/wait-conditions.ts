// When a command to a service has taken effect: the conditions that sv waits for, judged by the status.
//
// Promises: pure and total; the same answers whether C's runsv or ours wrote the status. A state from before the command is
// no effect of it: a label that did not change, or that is older than the command, proves nothing.
// Read next: ../../formats/status.ts (what is judged), stability.ts (what `check` asks for besides), ../../client/wait-session.ts.
import type { Status } from '../../formats/status.ts';
import type { Moment } from '../../formats/tai64.ts';

/** What to wait for. `wanted`: up or down, whichever the status says is wanted. `sent`: nothing beyond the sending. */
export type WaitCondition = 'up' | 'down' | 'gone' | 'replaced' | 'once' | 'paused' | 'continued' | 'wanted' | 'sent';

/** `check`: it holds if the process is stable and the service's ./check succeeds. */
export type Answer = 'yes' | 'no' | 'check';

/** What was known when the command was sent. */
export interface Baseline {
  /** The status just before; null: unknown. */
  readonly before: Status | null;
  /** The wall clock; null: it was set back since, so it proves nothing. */
  readonly at: Moment | null;
}

// C's runsv cuts its clock to microseconds, so a label that it writes a moment later may look up to that much older.
const MICROSECOND_NS = 1000;

const isEarlier = (one: Moment, other: Moment): boolean =>
  one.sec === other.sec ? one.nsec < other.nsec : one.sec < other.sec;

const toMicrosecond = ({ sec, nsec }: Moment): Moment => ({ sec, nsec: nsec - (nsec % MICROSECOND_NS) });

const isSameMoment = (one: Moment, other: Moment): boolean => one.sec === other.sec && one.nsec === other.nsec;

/** Whether the state in `status` began after the command was sent. */
export const beganSince = (status: Status, { before, at }: Baseline): boolean => {
  if (before !== null && isSameMoment(before, status)) return false;
  return at === null ? before !== null : !isEarlier(status, toMicrosecond(at));
};

type Judge = (status: Status, baseline: Baseline) => Answer;

const answer = (holds: boolean): Answer => (holds ? 'yes' : 'no');

// `want` is checked because runsv writes it as soon as it has read the command: a service that happens to be up or down
// while the command is still unread has not obeyed.
const isUp: Judge = ({ pid, phase, want }) => (pid !== 0 && phase === 'run' && want === 'up' ? 'check' : 'no');

const isDown: Judge = ({ pid, phase, want }) => answer(pid === 0 && phase === 'down' && want === 'down');

const isReplaced: Judge = (status, baseline) => {
  if (status.pid === 0) return answer(status.want === 'down');
  return !status.gotTerm && beganSince(status, baseline) ? 'check' : 'no';
};

const wasStartedOnce: Judge = (status, baseline) =>
  answer(status.pid === 0 ? beganSince(status, baseline) : status.want === 'down');

const judges: Readonly<Record<WaitCondition, Judge>> = {
  up: isUp,
  down: isDown,
  gone: () => 'no', // only the fifo shows it
  replaced: isReplaced,
  once: wasStartedOnce,
  paused: ({ pid, paused }) => answer(pid === 0 || paused),
  continued: ({ pid, paused }) => answer(pid === 0 || !paused),
  wanted: (status, baseline) => (status.want === 'up' ? isUp : isDown)(status, baseline),
  sent: () => 'yes',
};

/** Whether all conditions hold. */
export const judge = (conditions: readonly WaitCondition[], status: Status, baseline: Baseline): Answer => {
  const answers = conditions.map((condition) => judges[condition](status, baseline));
  if (answers.includes('no')) return 'no';
  return answers.includes('check') ? 'check' : 'yes';
};

/** Whether the answer depends on the status before the command. */
export const needsPriorStatus = (condition: WaitCondition): boolean => condition === 'replaced' || condition === 'once';

/** Whether the condition may hold because a process is up. */
export const expectsProcess = (condition: WaitCondition): boolean =>
  condition === 'up' || condition === 'replaced' || condition === 'wanted';
