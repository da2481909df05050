// The restart policy: what follows an end of ./run that nobody requested, where a value file asks for more than runit does.
//
// A run is *good* if it lasted RESET milliseconds, or as long as the delay before it if that is longer, and was ready once where it
// can tell; any other is bad. A good run ends the streak of bad ones, and the next start comes at once. After a bad one comes a delay,
//   min(MAX, FIRST x 2^(streak - 1)), less up to an eighth,
// so that services which failed together do not start together. The eighth is taken out of the event's own time. The limit counts
// bad runs in a row or, with a time, all failures within that time; a failure is a bad run or an exit code other than 0.
// Pure and total. Read first: model.ts. Read next: table.ts (who asks).
import { decodeWait } from '../../abi/wait-status.ts';
import { signalName } from '../../abi/signals.ts';
import type { Bytes } from '../../abi/bytes.ts';
import { DEFAULT_DELAY, type RestartDelay } from '../../formats/values.ts';
import {
  type Conclusion,
  type ExitStatus,
  NO_STREAK,
  type Now,
  type Policy,
  type Run,
  type StopCause,
  type Streak,
} from './model.ts';

/** Doubling further changes nothing: any delay is below this power of two. */
const MOST_DOUBLINGS = 31;
/** The part of a delay that chance may take away. */
const JITTER = 8;

export type Decision =
  /** `delayMs` counts from the end of ./finish; null: as runit does */
  | { readonly kind: 'again'; readonly streak: Streak; readonly delayMs: number | null }
  | { readonly kind: 'conclude'; readonly streak: Streak; readonly conclusion: Conclusion };

const endText = ({ code, status }: ExitStatus): Bytes => {
  if (code >= 0) return `exit code ${code}`;
  const { signal } = decodeWait(status);
  return signal === 0 ? 'exit code unknown' : `signal ${signalName(signal)}`;
};

const CAUSES: Readonly<Record<StopCause, Bytes>> = {
  'timeout-up': 'not ready in time',
  watchdog: 'no sign of life',
  dependency: 'a dependency has ended',
};

const countText = (count: number): Bytes => (count === 1 ? '1 failure' : `${count} failures`);

const isGood = ({ delay }: Policy, { lastDelayMs }: Streak, { startedMs, endedMs, neverReady }: Run): boolean =>
  !neverReady && endedMs - startedMs >= Math.max((delay ?? DEFAULT_DELAY).resetMs, lastDelayMs);

/** Exit code 0 is no success of a run that its supervisor has stopped. */
const isSuccess = ({ exit, cause }: Run): boolean => exit.code === 0 && cause === null;

/** The failures within the time that the limit names, this one included. */
const failuresWithin = (withinMs: number, failuresMs: readonly number[], endedMs: number): readonly number[] => [
  ...failuresMs.filter((ms) => ms > endedMs - withinMs),
  endedMs,
];

/** The streak after this run, without the delay that follows. */
const continued = (policy: Policy, streak: Streak, run: Run): Streak => {
  const isBad = !isGood(policy, streak, run);
  const withinMs = policy.limit?.withinMs ?? null;
  const isCounted = withinMs !== null && (isBad || !isSuccess(run));
  return {
    bad: isBad ? streak.bad + 1 : 0,
    lastDelayMs: 0,
    failuresMs: isCounted ? failuresWithin(withinMs, streak.failuresMs, run.endedMs) : streak.failuresMs,
  };
};

/** Why there is no further start; null: there is one. */
const tooMany = ({ limit }: Policy, { bad, failuresMs }: Streak): Bytes | null => {
  if (limit === null) return null;
  const { count, withinMs } = limit;
  if (withinMs !== null) {
    return failuresMs.length < count ? null : `${countText(failuresMs.length)} in ${withinMs / 1000} s`;
  }
  return bad < count ? null : `${countText(bad)} in a row`;
};

const nominalMs = ({ firstMs, maxMs }: RestartDelay, bad: number): number =>
  Math.min(maxMs, firstMs * 2 ** Math.min(bad - 1, MOST_DOUBLINGS));

/** The streak that an earlier supervisor has counted, and the delay that came before the present run. */
export const resumedStreak = ({ delay }: Policy, bad: number): Streak =>
  bad === 0 ? NO_STREAK : { bad, lastDelayMs: delay === null ? 0 : nominalMs(delay, bad), failuresMs: [] };

const again = ({ delay }: Policy, streak: Streak, { wall }: Now): Decision => {
  if (delay === null || streak.bad === 0) return { kind: 'again', streak, delayMs: null };
  const lastDelayMs = nominalMs(delay, streak.bad);
  const delayMs = Math.round(lastDelayMs * (1 - wall.nsec / 1e9 / JITTER));
  return { kind: 'again', streak: { ...streak, lastDelayMs }, delayMs };
};

const conclude = (streak: Streak, outcome: Conclusion['outcome'], reason: Bytes): Decision => ({
  kind: 'conclude',
  streak,
  conclusion: { outcome, reason },
});

/** `isFinal`: ./finish exited 125. */
export const decide = (policy: Policy, before: Streak, run: Run, isFinal: boolean, now: Now): Decision => {
  const streak = continued(policy, before, run);
  const end = run.cause === null ? endText(run.exit) : `${CAUSES[run.cause]}, ${endText(run.exit)}`;
  if (isFinal) return conclude(streak, 'failed', `${end}, ./finish exited 125`);
  if (policy.restart !== 'always' && isSuccess(run)) return conclude(streak, 'done', end);
  if (policy.restart === 'never') return conclude(streak, 'failed', end);
  const limit = tooMany(policy, streak);
  return limit === null ? again(policy, streak, now) : conclude(streak, 'failed', `${end}, ${limit}`);
};
