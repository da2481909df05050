// When a command to a service has had its effect: the conditions that sv waits for, judged by what status says.
//
// Promises: pure and total; the same answers whether C's runsv or ours wrote the status. Must not believe a state that
// was there before the command: a label that did not change, or is older than the command, proves nothing.
// Read next: ../../formats/status.ts (what is judged), ../../client/wait.ts (who asks).
import type { Status } from '../../formats/status.ts';
import type { Moment } from '../../formats/tai64.ts';

/** What to wait for. `wanted` is up or down, by what the status says is wanted; `sent` needs nothing more. */
export type Until = 'up' | 'down' | 'gone' | 'replaced' | 'once' | 'paused' | 'continued' | 'wanted' | 'sent';

/** `ask`: yes, if the service's ./check says so. */
export type Answer = 'yes' | 'no' | 'ask';

export interface Sending {
  /** The status just before the command was sent; null: not known. */
  readonly before: Status | null;
  /** When it was sent, by the wall clock; null: that clock was set back since and tells nothing. */
  readonly at: Moment | null;
}

// C's runsv cuts its clock to microseconds, so what it writes a moment later may look as much older.
const MICROSECOND_NS = 1000;

const isEarlier = (one: Moment, other: Moment): boolean =>
  one.sec === other.sec ? one.nsec < other.nsec : one.sec < other.sec;

const toMicrosecond = ({ sec, nsec }: Moment): Moment => ({ sec, nsec: nsec - (nsec % MICROSECOND_NS) });

const isSameMoment = (one: Moment, other: Moment): boolean => one.sec === other.sec && one.nsec === other.nsec;

/** Whether the state that `status` tells of began after the command was sent. */
const beganSince = (status: Status, { before, at }: Sending): boolean => {
  if (before !== null && isSameMoment(before, status)) return false;
  return at === null ? before !== null : !isEarlier(status, toMicrosecond(at));
};

type Condition = (status: Status, sending: Sending) => Answer;

const answer = (holds: boolean): Answer => (holds ? 'yes' : 'no');

// The want is looked at because runsv writes it as soon as it has read the command: a service that happens to be up or
// down while the command still lies unread has not obeyed.
const isUp: Condition = ({ pid, phase, want }) => (pid !== 0 && phase === 'run' && want === 'up' ? 'ask' : 'no');

const isDown: Condition = ({ pid, phase, want }) => answer(pid === 0 && phase === 'down' && want === 'down');

const isReplaced: Condition = (status, sending) => {
  if (status.pid === 0) return answer(status.want === 'down');
  return !status.gotTerm && beganSince(status, sending) ? 'ask' : 'no';
};

const wasStartedOnce: Condition = (status, sending) =>
  answer(status.pid === 0 ? beganSince(status, sending) : status.want === 'down');

const conditions: Readonly<Record<Until, Condition>> = {
  up: isUp,
  down: isDown,
  gone: () => 'no', // only the fifo can tell
  replaced: isReplaced,
  once: wasStartedOnce,
  paused: ({ pid, paused }) => answer(pid === 0 || paused),
  continued: ({ pid, paused }) => answer(pid === 0 || !paused),
  wanted: (status, sending) => (status.want === 'up' ? isUp : isDown)(status, sending),
  sent: () => 'yes',
};

/** Whether all of `untils` hold. */
export const reached = (untils: readonly Until[], status: Status, sending: Sending): Answer => {
  const answers = untils.map((until) => conditions[until](status, sending));
  if (answers.includes('no')) return 'no';
  return answers.includes('ask') ? 'ask' : 'yes';
};

/** Whether the answer for `until` depends on what was before the command. */
export const looksBack = (until: Until): boolean => until === 'replaced' || until === 'once';

/** Whether what `until` waits for may be a process that is up. */
export const looksForProcess = (until: Until): boolean => until === 'up' || until === 'replaced' || until === 'wanted';
