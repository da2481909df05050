// One supervised program as a table: every state answers every event.
//
// Promises: total (a missing cell does not compile), pure, and bounded: one event yields a handful of effects.
// Must not: look at files or clocks. Read first: types.ts. Read next: pair.ts.
import { joined } from './joined.ts';
import { letterOf, meantFor, queued, signalOf, signStep, stopSteps, withoutSignals } from './steps.ts';
import type {
  Effect,
  Ending,
  Event,
  EventKind,
  Now,
  Outcome,
  ScriptLetter,
  Service,
  SignLetter,
  State,
  Step,
} from './types.ts';

const SIGKILL = 9;

/** Milliseconds between the end of a program that lived less than that and its next start. */
export const RESTART_MS = 1000;
/** Milliseconds until a refused fork is tried again. */
export const FORK_RETRY_MS = 1000;

const SIGNAL_BITS = 0x7f;
const SIGNALLED_CODE = 128;
const UNKNOWN_CODE = 111;
/** A finish script's word that there is no point in another start. */
const FINAL_CODE = 125;

const PUBLISH: Effect = { kind: 'publish' };

type Of<K extends EventKind> = Extract<Event, { readonly kind: K }>;
type Handler<K extends EventKind> = (s: Service, event: Of<K>, now: Now) => Outcome;

/** A service before its first event: `want` from the down file. */
export const newService = (want: 'up' | 'down', scripts: boolean, now: Now, essential = false): Service => ({
  state: 'down',
  want,
  pid: 0,
  paused: false,
  gotTerm: false,
  since: now.wall,
  startedMs: now.ms,
  notBeforeMs: now.ms,
  dueMs: null,
  steps: [],
  asking: null,
  ending: { code: 0, status: 0 },
  scripts,
  control: true,
  essential,
  told: false,
  over: null,
});

const NO_EFFECTS: readonly Effect[] = [];
const SHOW: readonly Effect[] = [PUBLISH];
const stay = (service: Service): Outcome => ({ service, effects: NO_EFFECTS });
const show = (service: Service): Outcome => ({ service, effects: SHOW });
const after = (effects: readonly Effect[], { service, effects: more }: Outcome): Outcome => ({
  service,
  effects: joined(effects, more),
});

// ---- steps: asking control scripts one after the other -------------------------------------------------------

/** Asks for the next step, or takes it where it needs no asking. Nothing is asked while ./run is being started. */
const advance = (s: Service): Outcome => {
  const step = s.steps[0];
  if (step === undefined || s.asking !== null || s.state === 'starting') return stay(s);
  const steps = s.steps.slice(1);
  const letter = letterOf(step);
  if (letter === null || !s.scripts || !(s.control || step.kind === 'start')) return take({ ...s, steps }, step, false);
  return { service: { ...s, steps, asking: step }, effects: [{ kind: 'ask', letter, pid: s.pid }] };
};

/** A step's question is answered: do it, and go on with the next. */
const take = (s: Service, step: Step, veto: boolean): Outcome => {
  const done = perform({ ...s, asking: null }, step, veto);
  return after(done.effects, advance(done.service));
};

const perform = (s: Service, step: Step, veto: boolean): Outcome => {
  if (step.kind === 'start') {
    return s.state === 'preparing' ? { service: { ...s, state: 'starting' }, effects: [{ kind: 'run' }] } : stay(s);
  }
  if (step.kind === 'tell' || s.state !== 'up' || step.pid !== s.pid) return stay(s);
  const send: Effect = { kind: 'send', pid: s.pid, signal: signalOf(step) };
  if (step.kind === 'wake') return { service: s, effects: [send] };
  return after(veto ? [] : [send], signalled(s, step.letter, veto));
};

/** What a signal that was sent, or vetoed, changes in what is told. */
const signalled = (s: Service, letter: ScriptLetter, veto: boolean): Outcome => {
  if (letter === 't') return veto ? stay(s) : show({ ...s, gotTerm: true });
  if (letter === 'p') return show({ ...s, paused: true });
  if (letter === 'c') return show({ ...s, paused: false });
  return stay(s);
};

const push = (s: Service, steps: readonly Step[]): Outcome => advance({ ...s, steps: queued(s.steps, steps) });

// ---- starting and ending ------------------------------------------------------------------------------------

/** A start is coming: at once, or when the second since the last one is over. */
const begin = (before: Service, now: Now): Outcome => {
  const s = { ...before, told: false };
  if (now.ms < s.notBeforeMs) return stay({ ...s, state: 'waiting', dueMs: s.notBeforeMs });
  return push({ ...s, state: 'preparing', dueMs: null }, [{ kind: 'start' }]);
};

const becomeDown = (s: Service, now: Now): Outcome => {
  const tooSoon = now.ms - s.startedMs < RESTART_MS;
  const down: Service = {
    ...s,
    state: 'down',
    pid: 0,
    paused: false,
    gotTerm: false,
    since: now.wall,
    dueMs: null,
    notBeforeMs: tooSoon ? now.ms + RESTART_MS : now.ms,
  };
  return after(SHOW, s.want === 'up' ? begin(down, now) : stay(down));
};

/** ./run is gone: ./finish follows where there can be one. */
const runEnded = (before: Service, ending: Ending, now: Now): Outcome => {
  const s = { ...before, steps: withoutSignals(before.steps) };
  if (!s.scripts) return becomeDown(s, now);
  const service: Service = { ...s, state: 'ending', pid: 0, paused: false, gotTerm: false, ending };
  return { service, effects: [{ kind: 'finish', code: ending.code, status: ending.status }] };
};

const retryLater = (s: Service, now: Now): Outcome => show({ ...s, dueMs: now.ms + FORK_RETRY_MS });

const stop = (s: Service): Outcome => push({ ...s, told: true }, stopSteps(s));

// ---- handlers, named after the situation --------------------------------------------------------------------

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

const sign = (s: Service, letter: SignLetter): Outcome => push(s, [signStep(letter, s.pid)]);

/**
 * `kill` shall work now: a control script that is still thinking is ended, and with that has not objected; what was
 * waiting behind it is dropped.
 */
const killRun = (s: Service): Outcome => {
  const queued = sign({ ...s, steps: [], told: true }, 'k');
  return s.asking !== null ? after([{ kind: 'endScript' }], queued) : queued;
};
const killScript = (s: Service): Outcome =>
  s.asking !== null ? { service: s, effects: [{ kind: 'endScript' }] } : stay(s);
const killFinish = (s: Service): Outcome => after([{ kind: 'send', pid: s.pid, signal: SIGKILL }], killScript(s));
const pauseRun = (s: Service): Outcome => sign(s, 'p');
const contRun = (s: Service): Outcome => sign(s, 'c');
const signalRun = (s: Service, e: Of<'signal'>): Outcome => sign(s, e.letter);

const takeAnswer = (s: Service, e: Of<'answered'>): Outcome =>
  s.asking === null ? stay(s) : take(s, s.asking, e.veto);

const runStarted = (s: Service, e: Of<'started'>, now: Now): Outcome => {
  const steps = meantFor(s.steps, e.pid);
  const up: Service = {
    ...s,
    state: 'up',
    pid: e.pid,
    paused: false,
    gotTerm: false,
    since: now.wall,
    startedMs: now.ms,
    steps,
  };
  return after(SHOW, advance(up));
};

/** What waited for the process is taken without one: steps that stayed would keep the service from ever being at rest. */
const forkForRunRefused = (s: Service, _: unknown, now: Now): Outcome => {
  const later = retryLater({ ...s, state: 'waiting' }, now);
  return after(later.effects, advance(later.service));
};

/** The start was cancelled before control/u was asked. */
const forgetStart = (s: Service): Outcome => advance({ ...s, asking: null });

/** Asked again later, control/u included. */
const startNotReady = (s: Service, _: unknown, now: Now): Outcome => {
  const later = retryLater({ ...s, state: 'waiting', asking: null }, now);
  return after(later.effects, advance(later.service));
};

/** As if a child had started and exited 111. */
const runUnusable = (s: Service, _: unknown, now: Now): Outcome =>
  runEnded({ ...s, startedMs: now.ms, since: now.wall }, { code: 111, status: 0 }, now);

const runGone = (s: Service, e: Of<'ended'>, now: Now): Outcome => runEnded(s, { code: e.code, status: e.status }, now);

const finishStarted = (s: Service, e: Of<'started'>): Outcome =>
  show({ ...s, state: 'finishing', pid: e.pid, dueMs: null });
/** How ./run ended, as a shell would say it; 111 where that is not known, as it was not our child. */
const exitCodeOf = ({ code, status }: Ending): number => {
  const signal = status & SIGNAL_BITS;
  if (code >= 0) return code;
  return signal === 0 ? UNKNOWN_CODE : SIGNALLED_CODE + signal;
};

/** Nobody has asked for this end, and nothing speaks for another start. */
const endForGood = (s: Service, now: Now): Outcome =>
  s.essential && !s.told ? becomeDown({ ...s, want: 'exit', over: exitCodeOf(s.ending) }, now) : becomeDown(s, now);

const withoutFinish = (s: Service, _: unknown, now: Now): Outcome => endForGood(s, now);
const finishOver = (s: Service, _: unknown, now: Now): Outcome => becomeDown(s, now);
const finishGone = (s: Service, e: Of<'ended'>, now: Now): Outcome =>
  e.code === FINAL_CODE ? endForGood(s, now) : becomeDown(s, now);
const forkForFinishRefused = (s: Service, _: unknown, now: Now): Outcome => retryLater(s, now);
const finishAgain = (s: Service): Outcome => ({
  service: { ...s, dueMs: null },
  effects: [{ kind: 'finish', code: s.ending.code, status: s.ending.status }],
});

const startDue = (s: Service, _: unknown, now: Now): Outcome => begin({ ...s, notBeforeMs: now.ms }, now);

const adopt = (s: Service, e: Of<'adopted'>): Outcome => {
  const { pid, startedMs, since, paused, gotTerm } = e;
  const state = e.phase === 'run' ? 'up' : 'finishing';
  return show({ ...s, state, pid, startedMs, since, paused, gotTerm, told: gotTerm });
};

// ---- the table ----------------------------------------------------------------------------------------------

type Row = { readonly [K in EventKind]: Handler<K> };

/** What a state that has no process, and none coming or going, makes of the kernel's late answers: nothing. */
const NO_NEWS = {
  answered: takeAnswer,
  notReady: forgetStart,
  started: ignore,
  forkRefused: ignore,
  execFailed: ignore,
  ended: ignore,
  noFinish: ignore,
  due: ignore,
  adopted: ignore,
} as const;

/** Signals go to ./run alone, never to a finish script, nor to nobody. */
const NO_SIGNALS = { term: ignore, pause: ignore, cont: ignore, signal: ignore } as const;

const TABLE: { readonly [S in State]: Row } = {
  down: {
    ...NO_NEWS,
    ...NO_SIGNALS,
    up: startWhenDown,
    down: wantDown,
    once: startOnce,
    exit: wantExit,
    leave: wantExit,
    kill: killScript,
    adopted: adopt,
  },
  waiting: {
    ...NO_NEWS,
    ...NO_SIGNALS,
    up: wantUp,
    down: cancelStart,
    once: wantDown,
    exit: cancelForExit,
    leave: wantExit,
    kill: killScript,
    due: startDue,
  },
  preparing: {
    ...NO_NEWS,
    ...NO_SIGNALS,
    up: wantUp,
    down: cancelStart,
    once: wantDown,
    exit: cancelForExit,
    leave: wantExit,
    kill: killScript,
    notReady: startNotReady,
  },
  starting: {
    ...NO_NEWS,
    up: wantUp,
    down: stopForDown,
    once: wantDown,
    exit: stopForExit,
    leave: wantExit,
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
    ...NO_NEWS,
    up: wantUp,
    down: stopForDown,
    once: wantDown,
    exit: stopForExit,
    leave: wantExit,
    term: terminate,
    kill: killRun,
    pause: pauseRun,
    cont: contRun,
    signal: signalRun,
    ended: runGone,
  },
  ending: {
    ...NO_NEWS,
    ...NO_SIGNALS,
    up: wantUp,
    down: wantDown,
    once: wantDown,
    exit: wantExit,
    leave: wantExit,
    kill: killScript,
    started: finishStarted,
    forkRefused: forkForFinishRefused,
    execFailed: finishOver,
    noFinish: withoutFinish,
    due: finishAgain,
  },
  finishing: {
    ...NO_NEWS,
    ...NO_SIGNALS,
    up: wantUp,
    down: wantDown,
    once: wantDown,
    exit: wantExit,
    leave: wantExit,
    kill: killFinish,
    ended: finishGone,
  },
};

/** Applies one event. Total: never throws, whatever the event. */
export const handle = (service: Service, event: Event, now: Now): Outcome => {
  const handler = TABLE[service.state][event.kind] as (s: Service, e: Event, n: Now) => Outcome;
  return handler(service, event, now);
};

/** Whether nothing runs, is coming or is being asked: the service can be left. */
export const isAtRest = (s: Service): boolean => s.state === 'down' && s.asking === null && s.steps.length === 0;
