// Value files of a simulated service, and what must hold of one that has them.
//
//   backoff   in a calm life, where nobody sends commands and nothing is refused, each start comes when the ends before it say
//   stops     a service that was told to stop has ended when `timeout-kill` is over, and ./finish when `timeout-finish` is
// Delays are computed here from the ends alone, by other means than in src. Read first: service-scenario.ts.
import type { Process } from './kernel/processes.ts';
import { fail, type Story } from './service-scenario.ts';
import type { Random } from './random.ts';

/** What the files say; null: there is no such file. */
export interface Values {
  readonly killMs: number | null;
  readonly finishMs: number | null;
  readonly signal: 'QUIT' | 'INT' | null;
  readonly restart: 'always' | 'on-failure' | 'never' | null;
  readonly delay: readonly [first: number, max: number, reset: number] | null;
  readonly limit: number | null;
}

/** A life of ./run, and when all of it was over, ./finish included. */
interface Life {
  readonly startMs: number;
  endMs: number | null;
  overMs: number | null;
  code: number;
}

export interface Policies {
  readonly values: Values;
  /** Nobody interferes. */
  readonly calm: boolean;
  readonly lives: Life[];
}

/** What runsv may take for its own work, in virtual milliseconds. */
const SLACK_MS = 60;

const sometimes = <T>(random: Random, chance: number, value: () => T): T | null =>
  random.chance(chance) ? value() : null;

const randomDelay = (random: Random, calm: boolean): NonNullable<Values['delay']> => {
  // in a life with commands, care is looked for within two seconds
  const first = random.int(calm ? 1500 : 800);
  return [first, first + random.int(calm ? 6000 : 700), random.int(3000)];
};

const randomValues = (random: Random, calm: boolean): Values => ({
  killMs: sometimes(random, 0.5, () => 1 + random.int(2000)),
  finishMs: sometimes(random, 0.4, () => 1 + random.int(1500)),
  signal: sometimes(random, 0.3, () => random.pick(['QUIT', 'INT'] as const)),
  restart: sometimes(random, 0.3, () => random.pick(['always', 'on-failure', 'never'] as const)),
  delay: sometimes(random, 0.7, () => randomDelay(random, calm)),
  limit: sometimes(random, 0.3, () => 1 + random.int(5)),
});

/** null: a service without value files. */
export const randomPolicies = (random: Random): Policies | null => {
  if (!random.chance(0.4)) return null;
  const calm = random.chance(0.4);
  return { values: randomValues(random, calm), calm, lives: [] };
};

export const writeValues = ({ kernel, policies }: Story): void => {
  if (policies === null) return;
  const { killMs, finishMs, signal, restart, delay, limit } = policies.values;
  const put = (name: string, value: unknown): void => {
    if (value !== null) kernel.user.file(`/svc/${name}`, `${String(value)}\n`);
  };
  put('timeout-kill', killMs);
  put('timeout-finish', finishMs);
  put('down-signal', signal);
  put('restart', restart);
  put('restart-delay', delay === null ? null : delay.join(' '));
  put('restart-limit', limit);
};

const isOn = ({ restart, delay, limit }: Values): boolean => restart !== null || delay !== null || limit !== null;

/** Whether a policy may take back the want of somebody. */
export const mayConclude = ({ policies }: Story): boolean =>
  policies !== null && (policies.values.limit !== null || (policies.values.restart ?? 'always') !== 'always');

// ---- backoff ----------------------------------------------------------------------------------------------------

type Expected = { readonly never: true } | { readonly never: false; readonly leastMs: number; readonly mostMs: number };
/** A run that ends within so many milliseconds of the bound may be good or bad: runsv learns of its end a moment later. */
const DOUBT_MS = 1;

/** What follows the last of these lives, all of which are over; null: that is in doubt. */
const expectedAfter = ({ restart, delay, limit }: Values, lives: readonly Life[]): Expected | null => {
  let streak = 0;
  let delayMs = 0;
  for (const life of lives) {
    const ranMs = Number(life.endMs) - life.startMs;
    const goodMs = Math.max(delay?.[2] ?? 10_000, delayMs);
    if (Math.abs(ranMs - goodMs) < DOUBT_MS) return null;
    streak = ranMs >= goodMs ? 0 : streak + 1;
    delayMs = delay === null || streak === 0 ? 0 : Math.min(delay[1], delay[0] * 2 ** (streak - 1));
  }
  const { startMs, overMs, code } = lives.at(-1) as Life;
  const mode = restart ?? 'always';
  const goesOn = mode === 'always' || (mode === 'on-failure' && code !== 0);
  if (!goesOn || (limit !== null && streak >= limit)) return { never: true };
  const over = Number(overMs);
  // runit's second counts from the end of what lasted less
  const classicMs = over - startMs < 1000 ? over + 1000 : over;
  if (delay === null || streak === 0) return { never: false, leastMs: classicMs, mostMs: classicMs };
  const second = startMs + 1000;
  return {
    never: false,
    leastMs: Math.max(second, over + (delayMs * 7) / 8),
    mostMs: Math.max(second, over + delayMs),
  };
};

const checkStart = (story: Story, { values, lives }: Policies): void => {
  const before = lives.slice(0, -1);
  const last = before.at(-1);
  if (last === undefined || last.overMs === null || !isOn(values)) return;
  const expected = expectedAfter(values, before);
  const { startMs } = lives.at(-1) as Life;
  if (expected === null) return;
  if (expected.never) fail(story, `started at ${startMs} although the policy says never`);
  else if (startMs < expected.leastMs - 2 || startMs > expected.mostMs + SLACK_MS) {
    fail(story, `started at ${startMs}, expected ${expected.leastMs} to ${expected.mostMs}`);
  }
};

export const runStarted = (story: Story): void => {
  const { policies, kernel } = story;
  if (policies === null || !policies.calm) return;
  policies.lives.push({ startMs: kernel.nowMs, endMs: null, overMs: null, code: 0 });
  checkStart(story, policies);
};

const over = (story: Story, life: Life): void => {
  life.overMs = story.kernel.nowMs;
  const policies = story.policies as Policies;
  const expected = isOn(policies.values) ? expectedAfter(policies.values, policies.lives) : { never: true as const };
  const count = policies.lives.length;
  if (expected === null || expected.never) return;
  story.kernel.at(expected.mostMs + SLACK_MS, () => {
    if (story.goingMs === null && policies.lives.length === count) fail(story, 'not started when the delay was over');
  });
};

export const runEnded = (story: Story, { status }: Process): void => {
  const life = story.policies?.lives.at(-1);
  if (life === undefined || story.goingMs !== null) return;
  life.endMs = story.kernel.nowMs;
  life.code = (status & 127) === 0 ? status >> 8 : -1;
  if (!story.withFinish) over(story, life);
};

export const finishEnded = (story: Story): void => {
  const life = story.policies?.lives.at(-1);
  if (life !== undefined && story.goingMs === null) over(story, life);
};

// ---- stops ------------------------------------------------------------------------------------------------------

/** Unless runsv was killed or refused something meanwhile; later where the process has asked for more time. */
const mustEnd = (story: Story, pid: number, ms: number, what: string, sinceMs = story.kernel.nowMs): void => {
  const { runs, kernel } = story;
  kernel.after(ms + SLACK_MS, () => {
    const moreMs = (story.readiness?.extendedMs.get(pid) ?? 0) - kernel.nowMs;
    if (moreMs > -SLACK_MS && story.runs === runs) return mustEnd(story, pid, Math.max(0, moreMs), what, sinceMs);
    const isSame = story.runs === runs && kernel.mainLives && story.faultEndMs < sinceMs;
    if (isSame && kernel.live().some((each) => each.pid === pid)) fail(story, `${what} has not ended in time`);
  });
};

/** A command to stop was sent. */
export const stopSent = (story: Story): void => {
  const killMs = story.policies?.values.killMs ?? null;
  if (killMs === null) return;
  const run = story.kernel.live().find(({ key }) => key === '/svc/run');
  if (run !== undefined) mustEnd(story, run.pid, killMs, '/svc/run');
};

export const finishStarted = (story: Story, { pid }: Process): void => {
  const finishMs = story.policies?.values.finishMs ?? null;
  if (finishMs !== null) mustEnd(story, pid, finishMs, '/svc/finish');
};
