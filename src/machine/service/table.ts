// One supervised program as a table: every state answers every event.
//
// Promises: total (a missing cell does not compile), pure, and bounded: one event yields a handful of effects.
// Must not: look at files or clocks. Read first: model.ts. Read next: pair.ts.
import { SIGKILL } from '../../abi/signals.ts';
import { decodeWait, exitCodeOf } from '../../abi/wait-status.ts';
import { joined } from './joined.ts';
import { letterOf, meantFor, queued, signalOf, signalStep, stopSteps, withoutSignals } from './steps.ts';
import type {
  Effect,
  ExitStatus,
  Event,
  EventKind,
  Now,
  Outcome,
  Process,
  Run,
  ScriptLetter,
  Service,
  SignalLetter,
  ServiceState,
  CommandStep,
} from './model.ts';
import { pidOf } from './model.ts';

/** Milliseconds from the end of a program that lived less than that to its next start. */
export const RESTART_MS = 1000;
/** Milliseconds until the next try after a refused fork. */
export const FORK_RETRY_MS = 1000;

const UNKNOWN_CODE = 111;
/** A finish script exits so when another start is pointless. */
const FINAL_CODE = 125;

const NOTHING: readonly Effect[] = [];
const SHOW: readonly Effect[] = [{ kind: 'publish' }];

type Of<K extends EventKind> = Extract<Event, { readonly kind: K }>;
type Handler<K extends EventKind> = (s: Service, event: Of<K>, now: Now) => Outcome;

const NO_EXIT: ExitStatus = { code: 0, status: 0 };

/** A service before its first event: `want` from the down file. */
export const newService = (want: 'up' | 'down', scripts: boolean, now: Now, essential = false): Service => {
  // not within the object: the heap image has the shapes only of those without another one in them
  const lastRun: Run = { startedMs: now.ms, exit: NO_EXIT };
  return {
    state: 'down',
    want,
    process: null,
    since: now.wall,
    lastRun,
    notBeforeMs: now.ms,
    dueMs: null,
    steps: [],
    runningScript: null,
    scripts,
    control: true,
    essential,
    stopRequested: false,
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
  const steps = s.steps.slice(1);
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
  const send: Effect = { kind: 'send', pid: run.pid, signal: signalOf(step) };
  if (step.kind === 'continue') return { service: s, effects: [send] };
  return after(veto ? [] : [send], signalled(s, run, step.letter, veto));
};

/** What a signal, sent or vetoed, changes in the status. */
const signalled = (s: Service, run: Process, letter: ScriptLetter, veto: boolean): Outcome => {
  if (letter === 't') return veto ? stay(s) : show({ ...s, process: { ...run, gotTerm: true } });
  if (letter === 'p') return show({ ...s, process: { ...run, paused: true } });
  if (letter === 'c') return show({ ...s, process: { ...run, paused: false } });
  return stay(s);
};

const push = (s: Service, steps: readonly CommandStep[]): Outcome => advance({ ...s, steps: queued(s.steps, steps) });

// ---- starting and ending ------------------------------------------------------------------------------------

/** Starts ./run: at once, or one second after the last start. */
const begin = (before: Service, now: Now): Outcome => {
  const s: Service = { ...before, stopRequested: false };
  if (now.ms < s.notBeforeMs) return stay({ ...s, state: 'backoff', dueMs: s.notBeforeMs });
  return push({ ...s, state: 'preparing', dueMs: null }, [{ kind: 'start' }]);
};

const becomeDown = (s: Service, now: Now): Outcome => {
  const tooSoon = now.ms - s.lastRun.startedMs < RESTART_MS;
  const down: Service = {
    ...s,
    state: 'down',
    process: null,
    since: now.wall,
    dueMs: null,
    notBeforeMs: tooSoon ? now.ms + RESTART_MS : now.ms,
  };
  return after(SHOW, s.want === 'up' ? begin(down, now) : stay(down));
};

/** ./run has ended: ./finish follows, except for a log. */
const runEnded = (before: Service, lastRun: Run, now: Now): Outcome => {
  const s = { ...before, lastRun, process: null, steps: withoutSignals(before.steps) };
  if (!s.scripts) return becomeDown(s, now);
  return { service: { ...s, state: 'ending' }, effects: [{ kind: 'finish', ...lastRun.exit }] };
};

const retryLater = (s: Service, now: Now): Outcome => show({ ...s, dueMs: now.ms + FORK_RETRY_MS });

const stop = (s: Service): Outcome => push({ ...s, stopRequested: true }, stopSteps(s));

// ---- handlers -----------------------------------------------------------------------------------------------

const ignore = (s: Service): Outcome => stay(s);

const wantUp = (s: Service): Outcome => show({ ...s, want: 'up' });
const wantDown = (s: Service): Outcome => show({ ...s, want: 'down' });
const wantExit = (s: Service): Outcome => show({ ...s, want: 'exit' });

const startWhenDown = (s: Service, _: unknown, now: Now): Outcome => {
  const wanted = wantUp(s);
  return after(wanted.effects, begin(wanted.service, now));
};

const startOnce = (s: Service, _: unknown, now: Now): Outcome => {
  const wanted = wantDown(s);
  return after(wanted.effects, begin(wanted.service, now));
};

const stopForDown = (s: Service): Outcome => after(SHOW, stop({ ...s, want: 'down' }));
const stopForExit = (s: Service): Outcome => after(SHOW, stop({ ...s, want: 'exit' }));

const cancelStart = (s: Service): Outcome => show({ ...s, state: 'down', want: 'down', dueMs: null });
const cancelForExit = (s: Service): Outcome => show({ ...s, state: 'down', want: 'exit', dueMs: null });

const terminate = (s: Service): Outcome => stop(s);

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

/** Counts as a child that started and exited 111. Takes the steps that waited for the start, as forkForRunRefused does. */
const runUnusable = (s: Service, _: unknown, now: Now): Outcome => {
  const lastRun = { startedMs: now.ms, exit: { code: UNKNOWN_CODE, status: 0 } };
  const over = runEnded({ ...s, since: now.wall }, lastRun, now);
  return after(over.effects, advance(over.service));
};

/** In state up there always is a process. */
const runGone = (s: Service, { code, status }: Of<'ended'>, now: Now): Outcome =>
  runEnded(s, { startedMs: (s.process as Process).startedMs, exit: { code, status } }, now);

const finishStarted = (s: Service, e: Of<'started'>, now: Now): Outcome =>
  show({ ...s, state: 'finishing', process: newProcess(e.pid, now), dueMs: null });

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

const withoutFinish = (s: Service, _: unknown, now: Now): Outcome => endForGood(s, now);
const finishUnusable = (s: Service, _: unknown, now: Now): Outcome => becomeDown(s, now);
const finishGone = (s: Service, e: Of<'ended'>, now: Now): Outcome =>
  e.code === FINAL_CODE ? endForGood(s, now) : becomeDown(s, now);
const forkForFinishRefused = (s: Service, _: unknown, now: Now): Outcome => retryLater(s, now);
const finishAgain = (s: Service): Outcome => ({
  service: { ...s, dueMs: null },
  effects: [{ kind: 'finish', ...s.lastRun.exit }],
});

const startDue = (s: Service, _: unknown, now: Now): Outcome => begin({ ...s, notBeforeMs: now.ms }, now);

const adopt = (s: Service, e: Of<'adopted'>): Outcome => {
  const { process: found, since } = e;
  const state = e.phase === 'run' ? 'up' : 'finishing';
  // if ./finish was adopted, nothing else is known about its ./run
  const lastRun = { ...s.lastRun, startedMs: found.startedMs };
  return show({ ...s, state, process: found, since, lastRun, stopRequested: found.gotTerm });
};

// ---- the table ----------------------------------------------------------------------------------------------

type Row = { readonly [K in EventKind]: Handler<K> };

/** Replies that a state does not expect: ignored. */
const NO_LATE_REPLIES = {
  scriptDone: scriptEnded,
  notReady: forgetStart,
  started: ignore,
  forkRefused: ignore,
  execFailed: ignore,
  ended: ignore,
  noFinish: ignore,
  due: ignore,
  adopted: ignore,
} as const;

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
    adopted: adopt,
  },
  backoff: {
    ...NO_LATE_REPLIES,
    ...NO_SIGNALS,
    up: wantUp,
    down: cancelStart,
    once: wantDown,
    exit: cancelForExit,
    drain: wantExit,
    kill: killRunningScript,
    due: startDue,
  },
  preparing: {
    ...NO_LATE_REPLIES,
    ...NO_SIGNALS,
    up: wantUp,
    down: cancelStart,
    once: wantDown,
    exit: cancelForExit,
    drain: wantExit,
    kill: killRunningScript,
    notReady: startNotReady,
  },
  starting: {
    ...NO_LATE_REPLIES,
    up: wantUp,
    down: stopForDown,
    once: wantDown,
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
    once: wantDown,
    exit: stopForExit,
    drain: wantExit,
    term: terminate,
    kill: killRun,
    pause: pauseRun,
    cont: contRun,
    signal: signalRun,
    ended: runGone,
  },
  ending: {
    ...NO_LATE_REPLIES,
    ...NO_SIGNALS,
    up: wantUp,
    down: wantDown,
    once: wantDown,
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
    up: wantUp,
    down: wantDown,
    once: wantDown,
    exit: wantExit,
    drain: wantExit,
    kill: killFinish,
    ended: finishGone,
  },
};

/** Applies one event. Total: never throws, whatever the event. */
export const handle = (service: Service, event: Event, now: Now): Outcome => {
  const handler = TABLE[service.state][event.kind] as (s: Service, e: Event, n: Now) => Outcome;
  return handler(service, event, now);
};

/** Whether nothing runs, no start is coming and no script runs: the supervisor may end. */
export const isAtRest = (s: Service): boolean => s.state === 'down' && s.runningScript === null && s.steps.length === 0;
