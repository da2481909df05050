// One supervised program as a table: every state answers every event.
//
// Promises: total (a missing cell does not compile), pure, and bounded: one event yields a handful of effects.
// Must not: look at files or clocks. Read first: model.ts. Read next: pair.ts.
import { SIGABRT, SIGKILL, SIGTERM } from '../../abi/signals.ts';
import { decodeWait, exitCodeOf } from '../../abi/wait-status.ts';
import { joined } from './joined.ts';
import { decide } from './restart-policy.ts';
import { endingSteps, letterOf, meantFor, queued, signalOf, signalStep, stopSteps, withoutSignals } from './steps.ts';
import { NO_TIMERS, type Timer, withoutTimer } from './timers.ts';
import type {
  Conclusion,
  Effect,
  ExitStatus,
  Event,
  EventKind,
  Now,
  Outcome,
  Policy,
  Process,
  Run,
  ScriptLetter,
  Service,
  SignalLetter,
  ServiceState,
  CommandStep,
  StopCause,
  StopPolicy,
} from './model.ts';
import { NO_STREAK, pidOf } from './model.ts';

/** Milliseconds from the end of a program that lived less than that to its next start. */
export const RESTART_MS = 1000;
/** Milliseconds until the next try after a refused fork. */
export const FORK_RETRY_MS = 1000;
/** Milliseconds until KILL follows a stop that the supervisor itself began, where no file says otherwise. */
export const STOP_FOR_MS = 10_000;

const UNKNOWN_CODE = 111;
/** A finish script exits so when another start is pointless. */
const FINAL_CODE = 125;

const NOTHING: readonly Effect[] = [];
const SHOW: readonly Effect[] = [{ kind: 'publish' }];

type Of<K extends EventKind> = Extract<Event, { readonly kind: K }>;
type Handler<K extends EventKind> = (s: Service, event: Of<K>, now: Now) => Outcome;

/** One value for the list that is nearly always empty. */
const NOBODY: Service['waitingFor'] = [];

export const NO_EXIT: ExitStatus = { code: 0, status: 0 };

/** How ./run is stopped where no file says otherwise. */
export const CLASSIC_STOP: StopPolicy = { signal: SIGTERM, killMs: null };

/** One value for the list that is nearly always empty. */
const NO_STEPS: readonly CommandStep[] = [];

/** A service before its first event: `want` from the down file. */
export const newService = (want: 'up' | 'down', scripts: boolean, now: Now, essential = false): Service => {
  // not within the object: the heap image has the shapes only of those without another one in them
  const lastRun: Run = { startedMs: now.ms, endedMs: now.ms, exit: NO_EXIT, cause: null, neverReady: false };
  return {
    state: 'down',
    want,
    process: null,
    since: now.wall,
    lastRun,
    notBeforeMs: now.ms,
    timers: NO_TIMERS,
    steps: NO_STEPS,
    runningScript: null,
    scripts,
    control: true,
    essential,
    stopRequested: false,
    stopCause: null,
    waitingFor: NOBODY,
    life: null,
    stop: CLASSIC_STOP,
    policy: null,
    streak: NO_STREAK,
    conclusion: null,
    finalExitCode: null,
  };
};

const newProcess = (pid: number, now: Now): Process => ({ pid, startedMs: now.ms, paused: false, gotTerm: false });

const stay = (service: Service): Outcome => ({ service, effects: NOTHING });
const show = (service: Service): Outcome => ({ service, effects: SHOW });
const after = (effects: readonly Effect[], { service, effects: more }: Outcome): Outcome => ({
  service,
  effects: joined(effects, more),
});

// ---- steps: control scripts run one after the other ----------------------------------------------------------

/** Without scripts only control/u is requested, because the log is looked for with that request. */
const hasScript = (s: Service, step: CommandStep): boolean => s.scripts && (s.control || step.kind === 'start');

/** Runs the script of the next step, or takes a step that has none. While ./run is being started no script runs. */
const advance = (s: Service): Outcome => {
  const step = s.steps[0];
  if (step === undefined || s.runningScript !== null || s.state === 'starting') return stay(s);
  const steps = s.steps.length === 1 ? NO_STEPS : s.steps.slice(1);
  const letter = letterOf(step);
  if (letter === null || !hasScript(s, step)) return scriptAnswered({ ...s, steps }, step, false);
  return { service: { ...s, steps, runningScript: step }, effects: [{ kind: 'runScript', letter, pid: pidOf(s) }] };
};

/** The script of a step is done: take the step, and continue with the next. */
const scriptAnswered = (s: Service, step: CommandStep, veto: boolean): Outcome => {
  const done = takeStep({ ...s, runningScript: null }, step, veto);
  return after(done.effects, advance(done.service));
};

const takeStep = (s: Service, step: CommandStep, veto: boolean): Outcome => {
  if (step.kind === 'start') {
    return s.state === 'preparing' ? { service: { ...s, state: 'starting' }, effects: [{ kind: 'run' }] } : stay(s);
  }
  const { process: run } = s;
  if (step.kind === 'notify' || run === null || s.state !== 'up' || step.pid !== run.pid) return stay(s);
  const isStop = step.kind === 'signal' && step.letter === 't';
  const send: Effect = { kind: 'send', pid: run.pid, signal: isStop ? s.stop.signal : signalOf(step) };
  if (step.kind === 'continue') return { service: s, effects: [send] };
  return after(veto ? [] : [send], signalled(s, run, step.letter, veto));
};

/** What a signal, sent or vetoed, changes in the status. */
const signalled = (s: Service, run: Process, letter: ScriptLetter, veto: boolean): Outcome => {
  if (letter === 't') return veto ? stay(s) : show({ ...s, process: { ...run, gotTerm: true } });
  if (letter === 'p') return show({ ...s, process: { ...run, paused: true } });
  if (letter === 'c') return resumed(show({ ...s, process: { ...run, paused: false } }));
  return stay(s);
};

/** Deadlines that a pause has suspended run again. */
const resumed = ({ service, effects }: Outcome): Outcome =>
  service.life === null ? { service, effects } : { service, effects: joined(effects, [{ kind: 'resume' }]) };

const push = (s: Service, steps: readonly CommandStep[]): Outcome => advance({ ...s, steps: queued(s.steps, steps) });

// ---- starting and ending ------------------------------------------------------------------------------------

/** Starts ./run: at once, or once the pause since the last start is over. */
const begin = (before: Service, now: Now): Outcome => {
  const s: Service = { ...before, stopRequested: false, stopCause: null };
  if (now.ms < s.notBeforeMs) return stay({ ...s, state: 'backoff', timers: { start: s.notBeforeMs } });
  return push({ ...s, state: 'preparing', timers: NO_TIMERS }, [{ kind: 'start' }]);
};

/** runit's pace. */
const paceOf = ({ lastRun }: Service, now: Now): number =>
  now.ms - lastRun.startedMs < RESTART_MS ? now.ms + RESTART_MS : now.ms;

const becomeDown = (s: Service, now: Now, notBeforeMs = paceOf(s, now)): Outcome => {
  const down: Service = {
    ...s,
    state: 'down',
    process: null,
    since: now.wall,
    timers: NO_TIMERS,
    notBeforeMs,
  };
  return after(SHOW, s.want === 'up' ? begin(down, now) : stay(down));
};

/** ./run has ended: ./finish follows, except for a log. */
const runEnded = (before: Service, lastRun: Run, now: Now): Outcome => {
  const s = { ...before, lastRun, process: null, life: null, timers: NO_TIMERS, steps: withoutSignals(before.steps) };
  if (!s.scripts) return becomeDown(s, now);
  return { service: { ...s, state: 'ending' }, effects: [{ kind: 'finish', ...lastRun.exit }] };
};

const retryLater = (s: Service, now: Now): Outcome => show({ ...s, timers: { start: now.ms + FORK_RETRY_MS } });

/** A stop that was requested before keeps its deadline: otherwise requests could put it off for ever. */
const stop = (s: Service, now: Now): Outcome => {
  const { killMs } = s.stop;
  const timers = killMs === null || s.timers.kill !== undefined ? s.timers : { ...s.timers, kill: now.ms + killMs };
  return push({ ...s, stopRequested: true, timers }, stopSteps(s));
};

// ---- handlers -----------------------------------------------------------------------------------------------

const ignore = (s: Service): Outcome => stay(s);

/** A command to start is a new beginning: failures so far do not count. */
const wantUp = (s: Service): Outcome => show({ ...s, want: 'up', streak: NO_STREAK, conclusion: null });
const wantDown = (s: Service): Outcome => show({ ...s, want: 'down', conclusion: null });
const wantOnce = (s: Service): Outcome => show({ ...s, want: 'down', streak: NO_STREAK, conclusion: null });
const wantExit = (s: Service): Outcome => show({ ...s, want: 'exit' });

/** While ./finish ends a run, the start is requested that a policy might refuse, or put off. */
const wantUpAgain = (s: Service): Outcome => wantUp(s.policy === null ? s : { ...s, stopRequested: true });

/** A command to start ends the delay of a policy, but not runit's second. */
const withoutDelay = (s: Service): Service =>
  s.policy === null ? s : { ...s, notBeforeMs: Math.min(s.notBeforeMs, s.lastRun.startedMs + RESTART_MS) };

const startWhenDown = (s: Service, _: unknown, now: Now): Outcome => {
  const wanted = wantUp(s);
  return after(wanted.effects, begin(withoutDelay(wanted.service), now));
};

const startOnce = (s: Service, _: unknown, now: Now): Outcome => {
  const wanted = wantOnce(s);
  return after(wanted.effects, begin(withoutDelay(wanted.service), now));
};

/** A start that a policy has put off comes now; any other comes when it is due. */
const hasten = ({ service, effects }: Outcome, now: Now): Outcome =>
  service.policy === null || service.notBeforeMs <= now.ms
    ? { service, effects }
    : after(effects, begin(withoutDelay(service), now));

const startSooner = (s: Service, _: unknown, now: Now): Outcome => hasten(wantUp(s), now);
const startOnceSooner = (s: Service, _: unknown, now: Now): Outcome => hasten(wantOnce(s), now);

const stopForDown = (s: Service, _: unknown, now: Now): Outcome => after(SHOW, stop({ ...s, want: 'down' }, now));
const stopForExit = (s: Service, _: unknown, now: Now): Outcome => after(SHOW, stop({ ...s, want: 'exit' }, now));

const cancelStart = (s: Service): Outcome => show({ ...s, state: 'down', want: 'down', timers: NO_TIMERS });
const cancelForExit = (s: Service): Outcome => show({ ...s, state: 'down', want: 'exit', timers: NO_TIMERS });

const terminate = (s: Service, _: unknown, now: Now): Outcome => stop(s, now);

const queueSignal = (s: Service, letter: SignalLetter): Outcome => push(s, [signalStep(letter, pidOf(s))]);

/**
 * `kill` works now: it ends a control script that still runs, which then has no veto, and drops the steps behind it.
 */
const killRun = (s: Service): Outcome => {
  const queued = queueSignal({ ...s, steps: [], stopRequested: true }, 'k');
  return s.runningScript !== null ? after([{ kind: 'killScript' }], queued) : queued;
};
const killRunningScript = (s: Service): Outcome =>
  s.runningScript !== null ? { service: s, effects: [{ kind: 'killScript' }] } : stay(s);
const killFinish = (s: Service): Outcome =>
  after([{ kind: 'send', pid: pidOf(s), signal: SIGKILL }], killRunningScript(s));

/** ./run was told to stop and has not: KILL, without a script that could object. */
const stopOverdue = (s: Service): Outcome => {
  const overdue = killRunningScript({ ...s, timers: NO_TIMERS, steps: [] });
  return after(overdue.effects, { service: overdue.service, effects: [{ kind: 'killAll', pid: pidOf(s) }] });
};

/** Stops ./run although nobody has requested that. One that was told to stop before is on its way. */
const stopFor = (s: Service, { cause }: { readonly cause: StopCause }, now: Now): Outcome => {
  if (s.process?.gotTerm === true) return stay(s);
  const killMs = s.stop.killMs ?? (cause === 'dependency' ? null : STOP_FOR_MS);
  const timers = killMs === null ? s.timers : { kill: now.ms + killMs, ...s.timers };
  const stop = cause === 'watchdog' ? { ...s.stop, signal: SIGABRT } : s.stop;
  // that a dependency has ended is no failure of this service
  const stopRequested = s.stopRequested || cause === 'dependency';
  return push({ ...s, timers, stop, stopCause: cause, stopRequested }, endingSteps(s));
};

/** What a pause suspends is set again when it goes on. */
const lifeDue = (before: Service, timer: Timer, now: Now): Outcome => {
  const s = { ...before, timers: withoutTimer(before.timers, timer) };
  if (timer === 'up') return stopFor(s, { cause: 'timeout-up' }, now);
  if (s.process?.paused === true) return stay(s);
  if (timer === 'watchdog') return stopFor(s, { cause: timer }, now);
  return { service: s, effects: timer === 'check' ? [{ kind: timer }] : NOTHING };
};

const runDue = (s: Service, { timer }: Of<'due'>, now: Now): Outcome =>
  timer === 'kill' ? stopOverdue(s) : lifeDue(s, timer, now);

const finishOverdue = (s: Service, e: Of<'due'>): Outcome =>
  e.timer === 'finish'
    ? { service: { ...s, timers: NO_TIMERS }, effects: [{ kind: 'send', pid: pidOf(s), signal: SIGKILL }] }
    : stay(s);

const pauseRun = (s: Service): Outcome => queueSignal(s, 'p');
const contRun = (s: Service): Outcome => queueSignal(s, 'c');
const signalRun = (s: Service, e: Of<'signal'>): Outcome => queueSignal(s, e.letter);

const scriptEnded = (s: Service, e: Of<'scriptDone'>): Outcome =>
  s.runningScript === null ? stay(s) : scriptAnswered(s, s.runningScript, e.veto);

const runStarted = (s: Service, e: Of<'started'>, now: Now): Outcome => {
  const steps = meantFor(s.steps, e.pid);
  const up: Service = {
    ...s,
    state: 'up',
    process: newProcess(e.pid, now),
    since: now.wall,
    steps,
  };
  return after(SHOW, advance(up));
};

/** Takes the steps that were for the process, without one: otherwise the service would never be at rest. */
const forkForRunRefused = (s: Service, _: unknown, now: Now): Outcome => {
  const later = retryLater({ ...s, state: 'backoff' }, now);
  return after(later.effects, advance(later.service));
};

/** The start was cancelled before control/u ran. */
const forgetStart = (s: Service): Outcome => advance({ ...s, runningScript: null });

/** Tries again later, control/u included. */
const startNotReady = (s: Service, _: unknown, now: Now): Outcome => {
  const later = retryLater({ ...s, state: 'backoff', runningScript: null }, now);
  return after(later.effects, advance(later.service));
};

/** The start waits for dependencies, and then comes again, control/u included. */
const awaitDependencies = (s: Service, e: Of<'unmet'>): Outcome => {
  const waiting = show({ ...s, state: 'waiting', runningScript: null, waitingFor: e.names });
  return after(waiting.effects, advance(waiting.service));
};
const awaitRest = (s: Service, e: Of<'unmet'>): Outcome => show({ ...s, waitingFor: e.names });
const startWhenMet = (s: Service): Outcome =>
  push({ ...s, state: 'preparing', waitingFor: NOBODY }, [{ kind: 'start' }]);

/** Counts as a child that started and exited 111. Takes the steps that waited for the start, as forkForRunRefused does. */
const runUnusable = (s: Service, _: unknown, now: Now): Outcome => {
  const lastRun = {
    startedMs: now.ms,
    endedMs: now.ms,
    exit: { code: UNKNOWN_CODE, status: 0 },
    cause: null,
    neverReady: false,
  };
  const over = runEnded({ ...s, since: now.wall }, lastRun, now);
  return after(over.effects, advance(over.service));
};

/** In state up there always is a process. */
const runGone = (s: Service, { code, status }: Of<'ended'>, now: Now): Outcome => {
  const { startedMs } = s.process as Process;
  const neverReady = s.life?.wasReady === false;
  const lastRun = { startedMs, endedMs: now.ms, exit: { code, status }, cause: s.stopCause, neverReady };
  return runEnded(s, lastRun, now);
};

const limited = (limitMs: number | null | undefined, now: Now): Service['timers'] =>
  limitMs === null || limitMs === undefined ? NO_TIMERS : { finish: now.ms + limitMs };

const finishStarted = (s: Service, e: Of<'started'>, now: Now): Outcome =>
  show({ ...s, state: 'finishing', process: newProcess(e.pid, now), timers: limited(e.limitMs, now) });

/** How ./run ended, as a shell's exit code; 111 if unknown, because it was not our child. */
const finalCodeOf = ({ code, status }: ExitStatus): number => {
  if (code >= 0) return code;
  return decodeWait(status).signal === 0 ? UNKNOWN_CODE : exitCodeOf(status);
};

/** ./run ended, and ./finish is absent or exited 125: an essential service that nobody stopped does not start again. */
const endForGood = (s: Service, now: Now): Outcome =>
  s.essential && !s.stopRequested
    ? becomeDown({ ...s, want: 'exit', finalExitCode: finalCodeOf(s.lastRun.exit) }, now)
    : becomeDown(s, now);

/** No further start: an essential service ends its container, any other waits for a command. */
const conclude = (before: Service, conclusion: Conclusion, now: Now): Outcome => {
  const isOver = before.essential;
  const finalExitCode = isOver ? finalCodeOf(before.lastRun.exit) : before.finalExitCode;
  const s: Service = { ...before, want: isOver ? 'exit' : 'down', conclusion, finalExitCode };
  const { outcome, reason } = conclusion;
  return after(outcome === 'failed' ? [{ kind: 'warnFailed', reason, isOver }] : NOTHING, becomeDown(s, now));
};

const byPolicy = (before: Service, policy: Policy, isFinal: boolean, now: Now): Outcome => {
  const decision = decide(policy, before.streak, before.lastRun, isFinal, now);
  const s: Service = { ...before, streak: decision.streak };
  if (decision.kind === 'conclude') return conclude(s, decision.conclusion, now);
  const { delayMs } = decision;
  if (delayMs === null) return becomeDown(s, now);
  return becomeDown(s, now, Math.max(now.ms + delayMs, s.lastRun.startedMs + RESTART_MS));
};

/** The run is over, ./finish included. A policy decides about ends that nobody requested, of what was not started once. */
const settle = (s: Service, isFinal: boolean, endsEssential: boolean, now: Now): Outcome => {
  if (s.policy !== null && s.want === 'up' && !s.stopRequested) return byPolicy(s, s.policy, isFinal, now);
  const quiet = s.policy === null ? s : { ...s, streak: NO_STREAK };
  return endsEssential ? endForGood(quiet, now) : becomeDown(quiet, now);
};

const withoutFinish = (s: Service, _: unknown, now: Now): Outcome => settle(s, false, true, now);
const finishUnusable = (s: Service, _: unknown, now: Now): Outcome => settle(s, false, false, now);
const finishGone = (s: Service, e: Of<'ended'>, now: Now): Outcome => {
  const isFinal = e.code === FINAL_CODE;
  return settle(s, isFinal, isFinal, now);
};
const forkForFinishRefused = (s: Service, _: unknown, now: Now): Outcome => retryLater(s, now);
const finishAgain = (s: Service): Outcome => ({
  service: { ...s, timers: NO_TIMERS },
  effects: [{ kind: 'finish', ...s.lastRun.exit }],
});

/** What the files say before a start, or of a process that was adopted. */
const notePolicy = (s: Service, e: Of<'looked'>): Outcome => stay({ ...s, policy: e.policy });

const startDue = (s: Service, _: unknown, now: Now): Outcome => begin({ ...s, notBeforeMs: now.ms }, now);

/** A deadline of an earlier supervisor starts anew. */
const adoptedTimers = (s: Service, { process: found, phase, limitMs }: Of<'adopted'>, now: Now): Service['timers'] => {
  if (phase === 'finish') return limited(limitMs, now);
  const { killMs } = s.stop;
  return found.gotTerm && killMs !== null ? { kill: now.ms + killMs } : NO_TIMERS;
};

const adopt = (s: Service, e: Of<'adopted'>, now: Now): Outcome => {
  const { process: found, since } = e;
  const state = e.phase === 'run' ? 'up' : 'finishing';
  // if ./finish was adopted, nothing else is known about its ./run
  const lastRun = { ...s.lastRun, startedMs: found.startedMs };
  const timers = adoptedTimers(s, e, now);
  return show({ ...s, state, process: found, since, lastRun, timers, stopRequested: found.gotTerm });
};

// ---- the table ----------------------------------------------------------------------------------------------

type Row = { readonly [K in EventKind]: Handler<K> };

/** Replies that a state does not expect: ignored. */
const NO_LATE_REPLIES = {
  scriptDone: scriptEnded,
  notReady: forgetStart,
  unmet: ignore,
  met: ignore,
  looked: notePolicy,
  started: ignore,
  forkRefused: ignore,
  execFailed: ignore,
  ended: ignore,
  noFinish: ignore,
  due: ignore,
  stopFor: ignore,
  adopted: ignore,
} as const;

/** The first event of a service: by its want. */
const startIfWanted = (s: Service, _: unknown, now: Now): Outcome =>
  after(SHOW, s.want === 'up' ? begin(s, now) : stay(s));

/** Only ./run gets signals, never a finish script. */
const NO_SIGNALS = { term: ignore, pause: ignore, cont: ignore, signal: ignore } as const;

const TABLE: { readonly [S in ServiceState]: Row } = {
  down: {
    ...NO_LATE_REPLIES,
    ...NO_SIGNALS,
    up: startWhenDown,
    down: wantDown,
    once: startOnce,
    exit: wantExit,
    drain: wantExit,
    kill: killRunningScript,
    due: startIfWanted,
    adopted: adopt,
  },
  backoff: {
    ...NO_LATE_REPLIES,
    ...NO_SIGNALS,
    up: startSooner,
    down: cancelStart,
    once: startOnceSooner,
    exit: cancelForExit,
    drain: wantExit,
    kill: killRunningScript,
    due: startDue,
  },
  waiting: {
    ...NO_LATE_REPLIES,
    ...NO_SIGNALS,
    up: wantUp,
    down: cancelStart,
    once: wantOnce,
    exit: cancelForExit,
    drain: wantExit,
    kill: killRunningScript,
    unmet: awaitRest,
    met: startWhenMet,
  },
  preparing: {
    ...NO_LATE_REPLIES,
    ...NO_SIGNALS,
    up: wantUp,
    down: cancelStart,
    once: wantOnce,
    exit: cancelForExit,
    drain: wantExit,
    kill: killRunningScript,
    notReady: startNotReady,
    unmet: awaitDependencies,
  },
  starting: {
    ...NO_LATE_REPLIES,
    up: wantUp,
    down: stopForDown,
    once: wantOnce,
    exit: stopForExit,
    drain: wantExit,
    term: terminate,
    kill: killRun,
    pause: pauseRun,
    cont: contRun,
    signal: signalRun,
    started: runStarted,
    forkRefused: forkForRunRefused,
    execFailed: runUnusable,
  },
  up: {
    ...NO_LATE_REPLIES,
    up: wantUp,
    down: stopForDown,
    once: wantOnce,
    exit: stopForExit,
    drain: wantExit,
    term: terminate,
    kill: killRun,
    pause: pauseRun,
    cont: contRun,
    signal: signalRun,
    ended: runGone,
    due: runDue,
    stopFor,
  },
  ending: {
    ...NO_LATE_REPLIES,
    ...NO_SIGNALS,
    up: wantUpAgain,
    down: wantDown,
    once: wantOnce,
    exit: wantExit,
    drain: wantExit,
    kill: killRunningScript,
    started: finishStarted,
    forkRefused: forkForFinishRefused,
    execFailed: finishUnusable,
    noFinish: withoutFinish,
    due: finishAgain,
  },
  finishing: {
    ...NO_LATE_REPLIES,
    ...NO_SIGNALS,
    up: wantUpAgain,
    down: wantDown,
    once: wantOnce,
    exit: wantExit,
    drain: wantExit,
    kill: killFinish,
    ended: finishGone,
    due: finishOverdue,
  },
};

/** Applies one event. Total: never throws, whatever the event. */
export const handle = (service: Service, event: Event, now: Now): Outcome => {
  const handler = TABLE[service.state][event.kind] as (s: Service, e: Event, n: Now) => Outcome;
  return handler(service, event, now);
};

/** Whether nothing runs, no start is coming and no script runs: the supervisor may end. */
export const isAtRest = (s: Service): boolean => s.state === 'down' && s.runningScript === null && s.steps.length === 0;
