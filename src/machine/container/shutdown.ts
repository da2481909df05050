// Stopping a whole container: in which order, until when, and with which exit code.
//
//   none      no stop was requested; services, and the main command if there is one, run
//   command   the main command got TERM; services still run, because it needs them. It has half of the time.
//   services  every runsv got TERM: services end, then their logs. What services left behind gets TERM too, and KILL
//             a second later: once only logs are left (a log reads until the last writer has ended), or
//             in time to end before the deadline
//   strays    no runsv is left, but processes are: what services left behind, or a slow main command
//   draining  the deadline has passed: everything was killed except runsvs and logs, which read what is in their pipes
//   killing   everything was killed, several times if the rest forks
//   done      no process is left, or none that can be killed
//
// Every phase but the first has a deadline, so the stop takes a bounded time whatever the processes do.
// Pure and total, as ../service/table.ts. Read next: ../../effects/container/shutdown.ts (who carries it out).

/** The default time to end: with draining and killing it fits into the ten seconds of docker stop. */
export const KILL_AFTER_MS = 7000;
/** How long a log may read from its pipe once its service was killed. */
export const DRAIN_MS = 1000;
/** How long leftovers of services have to end after TERM. */
const STRAYS_MS = 1000;
/** How often to check services while they end. */
const CHECK_MS = 250;
const KILL_ROUND_MS = 100;
const KILL_ROUNDS = 10;
/** A second request within this time counts as the same one. */
const INSIST_MS = 1000;

/** The exit code of a main command that has not ended: as if KILL had ended it. */
const KILLED_CODE = 137;

export type ShutdownPhase = 'none' | 'command' | 'services' | 'strays' | 'draining' | 'killing' | 'done';

export interface Shutdown {
  readonly phase: ShutdownPhase;
  readonly killAfterMs: number;
  /** The main command runs. */
  readonly command: boolean;
  /** The exit code; null: not known yet. */
  readonly code: number | null;
  /** When the phase began, monotonic. */
  readonly sinceMs: number;
  /** When to kill, monotonic. */
  readonly deadlineMs: number;
  /** When to deliver `due`, monotonic; null: never. */
  readonly dueMs: number | null;
  /** How often everything was killed. */
  readonly rounds: number;
  /** When leftovers got TERM while runsvs still run, monotonic; null: they did not, or were killed. */
  readonly straysMs: number | null;
  /** Leftovers need no more checks. */
  readonly straysDone: boolean;
}

export type ShutdownEvent =
  | { readonly kind: 'commandStarted' }
  /** a signal that requests the stop; `code` counts unless a main command has an exit code */
  | { readonly kind: 'stopRequested'; readonly code: number }
  | { readonly kind: 'commandEnded'; readonly code: number }
  | { readonly kind: 'essentialFinished'; readonly code: number }
  /** who is left: runsvs, and whether anybody at all */
  | { readonly kind: 'seen'; readonly runsvs: number; readonly anybody: boolean }
  /** the reply to lookForRest: no service runs any more, only logs */
  | { readonly kind: 'rested' }
  | { readonly kind: 'due' };

export type ShutdownEffect =
  /** TERM to the main command */
  | { readonly kind: 'termCommand' }
  /** TERM to every runsv */
  | { readonly kind: 'stopServices' }
  /** TERM to everybody */
  | { readonly kind: 'termStrays' }
  /** see whether any service runs; reply: rested, or none */
  | { readonly kind: 'lookForRest' }
  /** TERM to orphans; with `rested` to everybody but runsvs, logs and the main command */
  | { readonly kind: 'termLeftovers'; readonly rested: boolean }
  /** KILL to the same */
  | { readonly kind: 'killLeftovers' }
  /** KILL to everybody but runsvs and logs */
  | { readonly kind: 'killButLogs' }
  | { readonly kind: 'killAll'; readonly first: boolean };

export interface ShutdownOutcome {
  readonly shutdown: Shutdown;
  readonly effects: readonly ShutdownEffect[];
}

export const newShutdown = (killAfterMs: number): Shutdown => ({
  phase: 'none',
  killAfterMs,
  command: false,
  code: null,
  sinceMs: 0,
  deadlineMs: 0,
  dueMs: null,
  rounds: 0,
  straysMs: null,
  straysDone: false,
});

const stay = (shutdown: Shutdown, ...effects: readonly ShutdownEffect[]): ShutdownOutcome => ({ shutdown, effects });

interface Next {
  readonly phase: ShutdownPhase;
  readonly dueMs: number | null;
  readonly effect?: ShutdownEffect;
}

const enter = (s: Shutdown, { phase, dueMs, effect }: Next, nowMs: number): ShutdownOutcome =>
  stay({ ...s, phase, dueMs, sinceMs: nowMs }, ...(effect === undefined ? [] : [effect]));

/** When leftovers get TERM at the latest, so that they can still end by themselves. */
const termByMs = (s: Shutdown): number => s.deadlineMs - Math.min(STRAYS_MS, s.killAfterMs / 2);

const checkMs = (s: Shutdown, nowMs: number): number => Math.min(termByMs(s), nowMs + CHECK_MS);

const stopServices = (s: Shutdown, nowMs: number): ShutdownOutcome =>
  enter(s, { phase: 'services', dueMs: checkMs(s, nowMs), effect: { kind: 'stopServices' } }, nowMs);

const termLeftovers = (s: Shutdown, rested: boolean, nowMs: number): ShutdownOutcome => {
  const dueMs = Math.min(s.deadlineMs, nowMs + STRAYS_MS);
  return stay({ ...s, dueMs, straysMs: nowMs }, { kind: 'termLeftovers', rested });
};

const rested = (s: Shutdown, nowMs: number): ShutdownOutcome =>
  s.phase === 'services' && s.straysMs === null && !s.straysDone ? termLeftovers(s, true, nowMs) : stay(s);

/** Before the deadline, while services end. */
const checkServices = (s: Shutdown, nowMs: number): ShutdownOutcome => {
  if (s.straysMs !== null) {
    return stay({ ...s, dueMs: s.deadlineMs, straysMs: null, straysDone: true }, { kind: 'killLeftovers' });
  }
  if (nowMs >= termByMs(s)) return termLeftovers(s, false, nowMs);
  return stay({ ...s, dueMs: checkMs(s, nowMs) }, { kind: 'lookForRest' });
};

const begin = (s: Shutdown, code: number | null, nowMs: number): ShutdownOutcome => {
  const begun = { ...s, code, deadlineMs: nowMs + s.killAfterMs };
  if (!s.command) return stopServices(begun, nowMs);
  return enter(begun, { phase: 'command', dueMs: nowMs + s.killAfterMs / 2, effect: { kind: 'termCommand' } }, nowMs);
};

const killAll = (s: Shutdown, nowMs: number): ShutdownOutcome =>
  enter(
    { ...s, rounds: s.rounds + 1 },
    { phase: 'killing', dueMs: nowMs + KILL_ROUND_MS, effect: { kind: 'killAll', first: s.rounds === 0 } },
    nowMs,
  );

const done = (s: Shutdown, nowMs: number): ShutdownOutcome =>
  enter({ ...s, code: s.code ?? KILLED_CODE }, { phase: 'done', dueMs: null }, nowMs);

const stopRequested = (s: Shutdown, code: number, nowMs: number): ShutdownOutcome => {
  if (s.phase === 'none') return begin(s, s.command ? null : code, nowMs);
  if (s.phase === 'command') return stay(s, { kind: 'termCommand' });
  return s.phase === 'services' && nowMs - s.sinceMs >= INSIST_MS ? stay(s, { kind: 'stopServices' }) : stay(s);
};

const commandEnded = (s: Shutdown, code: number, nowMs: number): ShutdownOutcome => {
  const ended = { ...s, command: false, code: s.code ?? code };
  if (s.phase === 'none') return begin(ended, code, nowMs);
  return s.phase === 'command' ? stopServices(ended, nowMs) : stay(ended);
};

const strays = (s: Shutdown, nowMs: number): ShutdownOutcome => {
  // a main command that got TERM has the whole time
  const dueMs = s.command ? s.deadlineMs : Math.min(s.deadlineMs, nowMs + STRAYS_MS);
  return enter(s, { phase: 'strays', dueMs, effect: { kind: 'termStrays' } }, nowMs);
};

const WAITING: readonly ShutdownPhase[] = ['services', 'strays', 'draining', 'killing'];

const seen = (s: Shutdown, runsvs: number, anybody: boolean, nowMs: number): ShutdownOutcome => {
  if (runsvs > 0 || !WAITING.includes(s.phase)) return stay(s);
  if (!anybody) return done(s, nowMs);
  return s.phase === 'services' ? strays(s, nowMs) : stay(s);
};

const due = (s: Shutdown, nowMs: number): ShutdownOutcome => {
  if (s.dueMs === null || s.dueMs > nowMs) return stay(s);
  if (s.phase === 'command') return stopServices(s, nowMs);
  if (s.phase === 'services' && nowMs < s.deadlineMs) return checkServices(s, nowMs);
  if (s.phase === 'services') {
    return enter(s, { phase: 'draining', dueMs: nowMs + DRAIN_MS, effect: { kind: 'killButLogs' } }, nowMs);
  }
  return s.rounds < KILL_ROUNDS ? killAll(s, nowMs) : done(s, nowMs);
};

/** Applies one event. Total: never throws, whatever the event. */
export const handleShutdown = (s: Shutdown, event: ShutdownEvent, nowMs: number): ShutdownOutcome => {
  switch (event.kind) {
    case 'commandStarted':
      return stay({ ...s, command: true });
    case 'stopRequested':
      return stopRequested(s, event.code, nowMs);
    case 'commandEnded':
      return commandEnded(s, event.code, nowMs);
    case 'essentialFinished':
      return s.phase === 'none' ? begin(s, event.code, nowMs) : stay(s);
    case 'seen':
      return seen(s, event.runsvs, event.anybody, nowMs);
    case 'rested':
      return rested(s, nowMs);
    case 'due':
      return due(s, nowMs);
  }
};
