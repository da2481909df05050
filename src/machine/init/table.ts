// Process 1: the three stages of a system's life, as a table in which every state answers every event.
//
// Promises: pure and total, as ../service/table.ts; messages are runit's own.
// Read first: model.ts. Read next: ../../effects/init/supervisor.ts (who carries it out).
import { SIGKILL, SIGTERM } from '../../abi/signals.ts';
import type { OffKind, Script, Stage, Stages, StagesEffect, StagesEvent, StagesOutcome, StagesState } from './model.ts';

/** Milliseconds from the end of a stage 2 to its next start. */
export const PAUSE_MS = 5000;
/** Milliseconds that stage 2 has to end after TERM. */
export const STOP_MS = 5000;
/** Milliseconds until the next try after a refused fork. */
export const FORK_RETRY_MS = 5000;
/** Milliseconds that a machine has to power off before it is halted. */
export const OFF_MS = 2000;
/** A stage 1 that exits so skips stage 2. */
const SKIP_CODE = 100;
/** A stage 2 that exits so starts again. */
const AGAIN_CODE = 111;

/** The events that each state handles; those of scripts are the same in all. */
type RowKind = Exclude<StagesEvent['kind'], 'scriptStarted' | 'scriptUnable'>;
type Of<K extends RowKind> = Extract<StagesEvent, { readonly kind: K }>;
type Handler<K extends RowKind> = (s: Stages, event: Of<K>, nowMs: number) => StagesOutcome;
type Row = { readonly [K in RowKind]: Handler<K> };

const NOTHING_KEPT: Stages['kept'] = { stop: null, scripts: [] };

export const newStages = (): Stages => ({
  state: 'starting',
  stage: 1,
  pid: 0,
  dueMs: null,
  helped: false,
  kept: NOTHING_KEPT,
  script: null,
  off: null,
});

const stay = (stages: Stages): StagesOutcome => ({ stages, effects: [] });
const also = (effects: readonly StagesEffect[], next: StagesOutcome): StagesOutcome => ({
  stages: next.stages,
  effects: [...effects, ...next.effects],
});
const tell = (text: string): StagesEffect => ({ kind: 'tell', text });
const warn = (text: string): StagesEffect => tell(`warning: ${text}`);
const scriptPath = (name: Stage | Script): string => `/etc/runit/${name}`;

// ---- from stage to stage --------------------------------------------------------------------------------------

const ask = (s: Stages, stage: Stage): StagesOutcome => ({
  stages: { ...s, state: 'starting', stage, pid: 0, dueMs: null },
  effects: [{ kind: 'start', stage }],
});

const enter = (s: Stages, stage: Stage): StagesOutcome =>
  also([tell(`enter stage: ${scriptPath(stage)}`)], ask({ ...s, helped: false }, stage));

/** Stage 3, with the reboot that was requested before: the files may have been made anew since. */
const enterLast = (s: Stages): StagesOutcome => {
  const again: readonly StagesEffect[] = s.kept.stop?.reboot ? [{ kind: 'request', what: 'reboot' }] : [];
  return also(again, enter({ ...s, kept: NOTHING_KEPT }, 3));
};

const finish = (s: Stages): StagesOutcome => ({
  stages: { ...s, state: 'done', pid: 0, dueMs: null },
  effects: [tell('sending KILL signal to all processes...'), { kind: 'killAll' }],
});

/** What comes after the present stage. */
const goOn = (s: Stages): StagesOutcome => {
  if (s.stage === 3) return finish(s);
  if (s.stage === 2) return enterLast(s);
  return s.kept.stop === null ? enter(s, 2) : skip(s);
};

const skip = (s: Stages): StagesOutcome => also([warn('skipping stage 2...')], enterLast(s));

const leaveStage = (s: Stages, next: (s: Stages) => StagesOutcome): StagesOutcome =>
  also([tell(`leave stage: ${scriptPath(s.stage)}`)], next({ ...s, pid: 0, dueMs: null }));

const again = (s: Stages, nowMs: number): StagesOutcome => ({
  stages: { ...s, state: 'pausing', pid: 0, dueMs: nowMs + PAUSE_MS },
  effects: [warn('killing all processes in stage 2...'), { kind: 'send', pid: -s.pid, signal: SIGKILL }],
});

const stageEnded: Handler<'ended'> = (s, { code }, nowMs) => {
  if (code === 0) return leaveStage(s, goOn);
  const warned = [warn(`child ${code === null ? 'crashed' : 'failed'}: ${scriptPath(s.stage)}`)];
  if (s.stage === 2 && (code === null || code === AGAIN_CODE)) return also(warned, again(s, nowMs));
  const skips = s.stage === 1 && (code === null || code === SKIP_CODE);
  return also(warned, leaveStage(s, skips ? skip : goOn));
};

// ---- stages that cannot be executed -----------------------------------------------------------------------------

const giveUp = (s: Stages): StagesOutcome => also([warn(`child failed: ${scriptPath(s.stage)}`)], leaveStage(s, goOn));

/** An operator at the console may repair a stage that the system needs; then it is tried once more. */
const help = (s: Stages): StagesOutcome =>
  s.stage === 3 || s.helped
    ? giveUp(s)
    : { stages: { ...s, state: 'helping', pid: 0, helped: true }, effects: [{ kind: 'help' }] };

const helperStarted: Handler<'started'> = (s, { pid }) => ({
  stages: { ...s, pid },
  effects: [warn(`emergency shell on the console, ${scriptPath(s.stage)} is tried again when it ends.`)],
});

// ---- requests ---------------------------------------------------------------------------------------------------

type StopHandler = (s: Stages, reboot: boolean, nowMs: number) => StagesOutcome;

const TAKE: StagesEffect = { kind: 'withdrawStop' };
const TOO_LATE: StagesEffect = warn('signals only work in stage 2.');

/** The message for a request during stage 1. */
const tooEarly = (what: string): StagesEffect => warn(`stage 1 has not ended yet, ${what} after it.`);

const keepStop = (s: Stages, reboot: boolean): StagesOutcome => ({
  stages: { ...s, kept: { ...s.kept, stop: { reboot } } },
  effects: [TAKE],
});

const beginStop = (s: Stages, nowMs: number): StagesOutcome => ({
  stages: { ...s, state: 'stopping', dueMs: nowMs + STOP_MS },
  effects: [{ kind: 'send', pid: s.pid, signal: SIGTERM }],
});

const stopRunning: StopHandler = (s, reboot, nowMs) =>
  s.stage === 2 ? also([TAKE], beginStop(s, nowMs)) : also([tooEarly('stopping')], keepStop(s, reboot));

/** The stage does not run now. */
const stopBetween: StopHandler = (s, reboot) => {
  const kept = keepStop(s, reboot);
  return also(kept.effects, leaveStage(kept.stages, goOn));
};

/** Whoever works in the shell requested the stop: the shell gets no TERM first. */
const stopShell: StopHandler = (s, reboot) => {
  const kept = keepStop(s, reboot);
  const kill: StagesEffect = { kind: 'send', pid: -s.pid, signal: SIGKILL };
  return { stages: { ...kept.stages, state: 'stopping' }, effects: [...kept.effects, kill] };
};

/** A request in stage 3 comes too late; one without a stop file means nothing. */
const onCont =
  (stop: StopHandler): Handler<'cont'> =>
  (s, event, nowMs) => {
    if (s.stage !== 3 && event.stop) return stop(s, event.reboot, nowMs);
    return s.stage === 2 ? stay(s) : { stages: s, effects: [TOO_LATE] };
  };

// ---- ctrlaltdel and pwrfail -------------------------------------------------------------------------------------

const REQUEST: Readonly<Record<Script, string>> = {
  ctrlaltdel: 'ctrl-alt-del request...',
  pwrfail: 'powerfail event...',
};

const runScript = (s: Stages, name: Script): StagesOutcome => {
  // pwrfail may withdraw the request
  const before: readonly StagesEffect[] = name === 'pwrfail' ? [{ kind: 'request', what: 'stop' }] : [];
  return {
    stages: { ...s, script: { name, pid: 0 } },
    effects: [tell(REQUEST[name]), tell(`enter stage: ${scriptPath(name)}`), ...before, { kind: 'runScript', name }],
  };
};

const keepScript = (s: Stages, name: Script): Stages =>
  s.kept.scripts.includes(name) ? s : { ...s, kept: { ...s.kept, scripts: [...s.kept.scripts, name] } };

/** Runs it now or as soon as possible. The same request twice counts once. */
const wantScript = (s: Stages, name: Script): StagesOutcome => {
  if (s.stage === 1) return { stages: keepScript(s, name), effects: [tooEarly(`${scriptPath(name)} runs`)] };
  if (s.script === null) return runScript(s, name);
  return stay(s.script.name === name ? s : keepScript(s, name));
};

/** Runs the first script that was kept. */
const runKept = (s: Stages): StagesOutcome => {
  const [name, ...scripts] = s.kept.scripts;
  return name === undefined || s.stage !== 2 ? stay(s) : runScript({ ...s, kept: { ...s.kept, scripts } }, name);
};

/** A power failure stops the system even without a script; Ctrl-Alt-Del without a script means nothing. */
const onAlarm =
  (stop: StopHandler): Handler<'alarm'> =>
  (s, { name, runnable }, nowMs) => {
    if (s.stage === 3) return { stages: s, effects: [TOO_LATE] };
    if (runnable) return wantScript(s, name);
    if (name === 'pwrfail') return stop(s, false, nowMs);
    return s.stage === 2 ? stay(s) : { stages: s, effects: [TOO_LATE] };
  };

const scriptEnded = (s: Stages, name: Script): StagesOutcome => {
  const check: readonly StagesEffect[] = s.stage === 2 ? [{ kind: 'checkStopFiles' }] : [];
  return also([tell(`leave stage: ${scriptPath(name)}`), ...check], runKept({ ...s, script: null }));
};

// ---- switching off ----------------------------------------------------------------------------------------------

const switchOff = (s: Stages, how: OffKind, text: string): StagesOutcome => ({
  stages: { ...s, off: how, dueMs: null },
  effects: [tell(text), { kind: 'switchOff', how }],
});

const stillOn: Handler<'stillOn'> = (s, { permitted }, nowMs) => {
  if (!permitted)
    return { stages: s, effects: [warn('not permitted to switch anything off, exiting.'), { kind: 'exit' }] };
  return stay(s.off === 'powerOff' ? { ...s, dueMs: nowMs + OFF_MS } : s);
};

// ---- the table --------------------------------------------------------------------------------------------------

const stageStarted: Handler<'started'> = (s, { pid }, nowMs) => {
  const running: Stages = { ...s, state: 'running', pid, helped: false };
  return s.stage === 2 && s.kept.stop !== null ? beginStop(running, nowMs) : runKept(running);
};

const askAgain = (s: Stages): StagesOutcome => ask(s, s.stage);

const insist = (s: Stages): StagesOutcome => ({
  stages: { ...s, dueMs: null },
  effects: [warn('stage 2 not terminated, sending sigkill...'), { kind: 'send', pid: s.pid, signal: SIGKILL }],
});

/** The default of each cell: the event belongs to another state and comes too late. */
const NOTHING: Row = {
  begin: stay,
  started: stay,
  forkRefused: stay,
  unable: stay,
  ended: stay,
  cont: stay,
  alarm: stay,
  verdict: stay,
  stillOn: stay,
  due: stay,
};

const TABLE: Readonly<Record<StagesState, Row>> = {
  starting: {
    ...NOTHING,
    begin: (s) => enter(s, 1),
    started: stageStarted,
    forkRefused: (s, _event, nowMs) => stay({ ...s, state: 'backoff', dueMs: nowMs + FORK_RETRY_MS }),
    unable: help,
    cont: onCont(keepStop),
    alarm: onAlarm(keepStop),
  },
  running: { ...NOTHING, ended: stageEnded, cont: onCont(stopRunning), alarm: onAlarm(stopRunning) },
  backoff: { ...NOTHING, due: askAgain, cont: onCont(stopBetween), alarm: onAlarm(stopBetween) },
  helping: {
    ...NOTHING,
    started: helperStarted,
    forkRefused: giveUp,
    unable: giveUp,
    ended: askAgain,
    cont: onCont(stopShell),
    alarm: onAlarm(stopShell),
  },
  pausing: {
    ...NOTHING,
    due: (s) => also([warn('restarting.')], enter(s, 2)),
    cont: onCont(stopBetween),
    alarm: onAlarm(stopBetween),
  },
  stopping: {
    ...NOTHING,
    ended: (s) => leaveStage(s, s.stage === 2 ? enterLast : skip),
    cont: (s) => ({ stages: s, effects: [TAKE] }),
    due: insist,
  },
  done: {
    ...NOTHING,
    verdict: (s, { reboot }) =>
      reboot ? switchOff(s, 'reboot', 'system reboot.') : switchOff(s, 'powerOff', 'power off...'),
    stillOn,
    due: (s) => switchOff(s, 'halt', 'system halt.'),
  },
};

const answer = (s: Stages, event: Of<RowKind>, nowMs: number): StagesOutcome =>
  TABLE[s.state][event.kind](s, event as never, nowMs);

/** Applies one event. Total: never throws, whatever the event. */
export const handleStages = (s: Stages, event: StagesEvent, nowMs: number): StagesOutcome => {
  switch (event.kind) {
    case 'scriptStarted':
      return stay({ ...s, script: { name: event.name, pid: event.pid } });
    case 'scriptUnable':
      return scriptEnded(s, event.name);
    case 'ended':
      if (s.script?.pid === event.pid) return scriptEnded(s, s.script.name);
      return event.pid === s.pid ? answer(s, event, nowMs) : stay(s);
    default:
      return answer(s, event, nowMs);
  }
};
