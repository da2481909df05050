// Carries out what a pair wants done.
//
// Promises: what the kernel refuses is reported, and the refusal is a reply like any other. Never waits.
// Must not: decide. Read first: ../../machine/service/model.ts. Read next: spawn.ts, log-service.ts, supervisor.ts (who calls).
import type { Bytes } from '../../abi/bytes.ts';
import { isErrno } from '../../host/calls.ts';
import { POLLHUP, POLLIN } from '../../abi/flags.ts';
import { SIGKILL } from '../../abi/signals.ts';
import { sys } from '../../host/sys.ts';
import type { Input } from '../../machine/service/drain.ts';
import { handleInput, handlePair, type PairEffect, type Side } from '../../machine/service/pair.ts';
import type { Effect, Event, ScriptLetter } from '../../machine/service/model.ts';
import { execReason } from '../process/interpreter.ts';
import {
  hasFinish,
  hasScript,
  type Launch,
  type Place,
  provesAbsence,
  startFinish,
  startRun,
  startScript,
} from './spawn.ts';
import { closeLog, findLog } from './log-service.ts';
import type { Happening, LivePair } from './pair.ts';
import { prepareTelling } from './telling.ts';
import { killsGroup, readFinishLimit, readStart } from './policy.ts';
import { unmetAtStart } from './order.ts';
import { blockEnd, endInput, writerOf } from './log-pipe.ts';
import { killWithGroup, type LiveSide, nameOf, signal } from './side.ts';

const NOTHING: readonly Happening[] = [];

/** An event for one side, as something that happens to the pair. */
export const on =
  (side: Side, event: Event): Happening =>
  ({ pair }, now) =>
    handlePair(pair, side, event, now);

const placeOf = (live: LivePair, side: LiveSide): Place => {
  const { pipe } = live;
  const isLog = side.side === 'log';
  const end = pipe === null ? null : isLog ? pipe.readEnd : pipe.writeEnd;
  const own = end === null ? [] : [isLog ? 0 : 1, end];
  const { many } = live.loop;
  const fds = isLog || many === null || many.fds.length === 0 ? own : own.concat(many.fds);
  return { folder: side.folder, fds, lock: side.lock, many };
};

/** Where ./run runs: with what it tells by, if it can. */
const placeOfRun = (live: LivePair, side: LiveSide): Place => {
  const place = placeOf(live, side);
  const { telling } = live;
  return telling === null || side !== live.main
    ? place
    : { ...place, fds: place.fds.concat(telling.fds), env: telling.env };
};

/** Reports what went wrong with a start, in runit's words, and turns it into the machine's event. */
const answerTo = (live: LivePair, launch: Launch, name: Bytes, path: Bytes): Event => {
  live.hasStarted = launch.kind === 'started';
  if (launch.kind === 'started') live.loop.children.set(launch.pid, live);
  if (launch.kind === 'execFailed')
    live.diagnostics.fatal(`unable to start ${name}: ${execReason(path, launch.errno)}`);
  if (launch.kind === 'notOurs') {
    const what = name.startsWith('log/') ? './log' : 'its directory';
    live.diagnostics.warn(`unable to start ${name}: ${what} was replaced and cannot be locked, trying again`);
    return { kind: 'forkRefused' };
  }
  if (launch.kind === 'forkRefused') live.diagnostics.warn(`unable to fork for ${name}, trying again`, launch.errno);
  return launch;
};

const startOf = (live: LivePair, side: LiveSide, leads: boolean): Event => {
  const place = placeOfRun(live, side);
  // the last program may have changed the pipe
  blockEnd(place.fds);
  const event = answerTo(
    live,
    startRun(place, leads || live.loop.many?.leads === true),
    `${nameOf(side.side)}./run`,
    `${side.folder}./run`,
  );
  // a log that was removed and still has input in its pipe runs in ./log again
  if (side === live.log && live.pair.draining !== null && event.kind === 'started') live.logKey = side.lock.directory;
  return event;
};

/** Starts ./run, by the restart policy that was just read. */
const run = (live: LivePair, side: LiveSide): readonly Happening[] => {
  if (side !== live.main) return [on('log', startOf(live, side, false))];
  const { policy, leads } = live.start ?? readStart(live.values);
  live.start = null;
  if (!prepareTelling(live)) return [on('main', { kind: 'forkRefused' })];
  const launch = startOf(live, side, leads);
  const started = [on('main', launch)];
  if (live.telling !== null) started.push(...live.telling.started(launch));
  return policy === undefined || policy === live.pair.main.policy
    ? started
    : [on('main', { kind: 'looked', policy }), ...started];
};

const finish = (live: LivePair, side: LiveSide, code: number, status: number): Event => {
  const presence = hasFinish(side.folder);
  if (presence === 'absent') return { kind: 'noFinish' };
  const place = placeOf(live, side);
  blockEnd(place.fds);
  const limitMs = readFinishLimit(live.values);
  const launch = startFinish(place, code, status);
  if (provesAbsence(presence, launch)) return { kind: 'noFinish' };
  const event = answerTo(live, launch, './finish', `${side.folder}./finish`);
  return event.kind === 'started' && limitMs !== null ? { ...event, limitMs } : event;
};

const runScript = (live: LivePair, side: LiveSide, letter: ScriptLetter, pid: number): Event | null => {
  const presence = hasScript(side.folder, letter);
  if (presence === 'absent') return { kind: 'scriptDone', veto: false };
  const launch = startScript(placeOf(live, side), letter, pid);
  if (launch.kind === 'started') {
    live.script = launch.pid;
    // the files may be others when it has ended
    live.start = null;
    live.loop.children.set(launch.pid, live);
    return null;
  }
  const script = `control/${letter}`;
  if (provesAbsence(presence, launch)) return { kind: 'scriptDone', veto: false };
  if (launch.kind === 'execFailed')
    live.diagnostics.fatal(`unable to run ${script}: ${execReason(side.folder + script, launch.errno)}`);
  else live.diagnostics.warn(`unable to fork for ${script}`, launch.errno);
  return { kind: 'scriptDone', veto: false };
};

const killScript = (live: LivePair): void => {
  // our child has its number until it is reaped, which sets this to 0
  if (live.script !== 0) sys.kill(live.script, SIGKILL);
};

/** A start is answered by more than one event. */
type OtherEffect = Exclude<Effect, { readonly kind: 'run' | 'resume' }>;

/** Carries out one effect; returns the reply if it is known at once. */
const performServiceEffect = (live: LivePair, side: LiveSide, effect: OtherEffect): Event | null => {
  switch (effect.kind) {
    case 'publish':
      live.publishMs = 0;
      return null;
    case 'runScript':
      return runScript(live, side, effect.letter, effect.pid);
    case 'killScript':
      killScript(live);
      return null;
    case 'finish':
      return finish(live, side, effect.code, effect.status);
    case 'send':
      signal(side, effect.pid, effect.signal);
      return null;
    case 'killAll':
      killWithGroup(side, effect.pid, side === live.main && killsGroup(live.values));
      return null;
    case 'check':
      live.telling?.ask();
      return null;
    case 'warnFailed':
      live.diagnostics.warn(`failed: ${effect.reason}${effect.isOver ? '' : ', not restarting'}`);
      return null;
  }
};

/** A start of ./run begins with its log, if there is one, and its dependencies. null: nothing delays the start. */
const beforeRun = (live: LivePair, effect: PairEffect): readonly Happening[] | null => {
  const found = findLog(live);
  live.awaited.holdsUp = found === 'wait';
  if (found === 'wait') return [on('main', { kind: 'notReady' })];
  if (found !== null) return [...found, ({ pair }) => ({ pair, effects: [effect] })];
  const names = unmetAtStart(live);
  return names.length === 0 ? null : [on('main', { kind: 'unmet', names })];
};

const lookAtInput = (live: LivePair): Input => {
  const end = live.pipe?.readEnd;
  const polled = end === undefined ? [0] : sys.poll([end, POLLIN], 0);
  const events = isErrno(polled) ? POLLIN : (polled[0] ?? 0);
  return { held: (events & POLLHUP) === 0, empty: (events & POLLIN) === 0 };
};

const whyOf = (live: LivePair, { held, empty }: Input): Bytes => {
  if (held && live.pipe !== null) return `as its input is held open by ${writerOf(live.pipe)}`;
  return `although its input has ended${empty ? '' : ', and has not taken all of it'}`;
};

const tellLog = (live: LivePair, input: Input | null): void => {
  if (input !== null) live.diagnostics.warn(`log/./run has not ended, ${whyOf(live, input)}: sending TERM`);
  else live.diagnostics.warn('log/./run has not ended after TERM: sending KILL');
};

/** Carries out one effect of a pair; returns what follows from it at once. */
export const performPairEffect = (live: LivePair, effect: PairEffect): readonly Happening[] => {
  switch (effect.kind) {
    case 'on': {
      const side = effect.side === 'main' ? live.main : live.log;
      if (side === null) return NOTHING;
      const isStart = effect.side === 'main' && effect.effect.kind === 'runScript' && effect.effect.letter === 'u';
      const first = isStart ? beforeRun(live, effect) : null;
      if (first !== null) return first;
      if (effect.effect.kind === 'run') return run(live, side);
      if (effect.effect.kind === 'resume') return live.telling === null ? NOTHING : [live.telling.resumed];
      const answer = performServiceEffect(live, side, effect.effect);
      return answer === null ? NOTHING : [on(effect.side, answer)];
    }
    case 'endInput':
      if (live.pipe !== null) live.pipe = endInput(live.pipe);
      return NOTHING;
    case 'pollInput': {
      const input = lookAtInput(live);
      return [({ pair }, now) => handleInput(pair, input, now)];
    }
    case 'warnLog':
      tellLog(live, effect.input);
      return NOTHING;
    case 'warnScript':
      live.diagnostics.warn(`control/${effect.letter} has not ended, although the service has: sending KILL`);
      return NOTHING;
    case 'closeLog':
      return closeLog(live);
  }
};
