// A simulated service that can tell whether it is ready, and what must hold of what is said of it.
//
//   readiness never lies   state.json says ready for a process only if that has told so, or a check has said yes while it ran, and
//                          not once it has ended
//   readiness is heard     what was told to a runsv that lives on, where nothing is refused, is said
// Choices come from random numbers of their own, so that lives of other services stay what they were. Read first: service-scenario.ts.
import '../../src/cold-ready.ts';
import { decodeState, type SupervisorState } from '../../src/formats/state.ts';
import type { Behaviour, Writing } from './kernel/behaviour.ts';
import type { Process } from './kernel/processes.ts';
import { sendTo } from './kernel/sockets.ts';
import type { World } from './kernel/world.ts';
import { Random } from './random.ts';
import { fail, type Story } from './service-scenario.ts';

const NOTIFY_FD = 3;
const CHECK = '/svc/check';
/** How soon what was told is said. */
const HEARD_MS = 50;
/** How long the files may say that a process is ready which has ended. */
const ENDED_MS = 50;

/** What the files say; null: there is no such file. */
interface Files {
  readonly fd: boolean;
  readonly socket: boolean;
  readonly checkMs: number | null;
  readonly upMs: number | null;
  readonly watchdogMs: number | null;
}

export interface Readiness {
  readonly random: Random;
  readonly files: Files;
  /** When a process has told that it is ready, or a check has said so, for the first time. */
  readonly toldMs: Map<number, number>;
  /** Those that have told otherwise since, or whose check has said no. */
  readonly doubtful: Set<number>;
  /** Until when a process has asked for more time, by its number. */
  readonly extendedMs: Map<number, number>;
  /** For a while sockets are refused, and messages. */
  readonly isRefused: boolean;
  /** The ./run that lives. */
  pid: number;
}

/** Not those of `policies.ts` and the like: the same seed gave the same life before there was readiness. */
const STREAM = 0x5eed;

/** null: a service that cannot tell. */
export const randomReadiness = (seed: number, isCalm: boolean): Readiness | null => {
  const random = new Random(seed ^ STREAM);
  if (isCalm || !random.chance(0.4)) return null;
  const within = (chance: number, most: number): number | null =>
    random.chance(chance) ? 300 + random.int(most) : null;
  const files: Files = {
    fd: random.chance(0.4),
    socket: random.chance(0.4),
    checkMs: within(0.5, 2000),
    upMs: within(0.3, 3000),
    watchdogMs: within(0.3, 3000),
  };
  return {
    random,
    files,
    toldMs: new Map(),
    doubtful: new Set(),
    extendedMs: new Map(),
    isRefused: random.chance(0.2),
    pid: 0,
  };
};

export const writeReadiness = ({ kernel, readiness }: Story): void => {
  if (readiness === null) return;
  const { fd, socket, checkMs, upMs, watchdogMs } = readiness.files;
  const put = (name: string, value: number | null): void => {
    if (value !== null) kernel.user.file(`/svc/${name}`, `${value}\n`);
  };
  put('notification-fd', fd ? NOTIFY_FD : null);
  put('notification-socket', socket ? 0 : null);
  put('check-interval', checkMs);
  put('timeout-up', upMs);
  put('timeout-watchdog', watchdogMs);
  kernel.user.program(CHECK, () => checkBehaviour(readiness));
};

const noteReady = ({ toldMs }: Readiness, pid: number, ms: number): void => {
  toldMs.set(pid, Math.min(ms, toldMs.get(pid) ?? Infinity));
};

const checkBehaviour = (readiness: Readiness): Behaviour => {
  const { random, pid } = readiness;
  const yes = random.chance(0.7);
  return {
    livesMs: random.chance(0.05) ? 'forever' : random.int(300),
    exit: yes ? 0 : random.pick([1, 111]),
    onEnd: (process, world) => {
      if (process.status === 0) noteReady(readiness, pid, world.nowMs);
      else readiness.doubtful.add(pid);
    },
  };
};

const EXTENSION_MS = 900;
const MESSAGES = [
  'READY=1',
  'READY=1\nSTATUS=here',
  'STATUS=half \xff way',
  'WATCHDOG=1',
  'RELOADING=1',
  'STOPPING=1',
  `EXTEND_TIMEOUT_USEC=${EXTENSION_MS * 1000}`,
  'RESTART_RESET=1',
  'WATCHDOG_USEC=700000',
  'WATCHDOG=trigger',
  'MAINPID=7',
  'x=y\n\0\n',
] as const;

const speak = (story: Story, readiness: Readiness, process: Process, world: World): void => {
  const { random } = readiness;
  const name = process.env.find((entry) => entry.startsWith('NOTIFY_SOCKET='))?.slice('NOTIFY_SOCKET='.length);
  if (name === undefined) return;
  const { pid } = process;
  for (let count = random.int(6); count >= 0; count--) {
    const text = random.chance(0.4) ? 'READY=1' : random.pick(MESSAGES);
    const uid = random.chance(0.9) ? 0 : 1234;
    story.kernel.after(random.int(3000), () => {
      if (!process.live || !sendTo(world, name, [text, pid, uid]) || uid !== 0) return;
      if (text.startsWith('READY=1')) noteReady(readiness, pid, world.nowMs);
      if (text.startsWith('EXTEND_')) readiness.extendedMs.set(pid, world.nowMs + EXTENSION_MS);
      if (text === 'STOPPING=1' || text === 'WATCHDOG=trigger') readiness.doubtful.add(pid);
    });
  }
};

/** What ./run does besides, where it can tell. */
export const telling = (story: Story): Pick<Behaviour, 'writes'> & { onStart: NonNullable<Behaviour['onStart']> } => {
  const { readiness } = story;
  if (readiness === null) return { onStart: () => undefined };
  const { random, files } = readiness;
  const afterMs = random.int(2500);
  const writes: readonly Writing[] =
    files.fd && random.chance(0.8) ? [{ fd: NOTIFY_FD, bytes: 'x\ny\n', afterMs }] : [];
  return {
    writes,
    onStart: (process, world) => {
      readiness.pid = process.pid;
      readiness.toldMs.delete(process.pid);
      readiness.doubtful.delete(process.pid);
      if (writes.length > 0) {
        readiness.toldMs.set(process.pid, world.nowMs + afterMs);
        // one that was stopped writes later
        story.kernel.after(afterMs, () => void (process.stopped && readiness.doubtful.add(process.pid)));
      }
      speak(story, readiness, process, world);
    },
  };
};

const stateIn = (story: Story): SupervisorState | null => {
  const text = story.kernel.user.read('/svc/supervise/state.json');
  return text === null ? null : decodeState(text);
};

const isLive = (story: Story, pid: number): boolean =>
  story.kernel.live().some((process) => process.pid === pid && process.key === '/svc/run');

/** Nothing was ever in the way. */
const isHeard = ({ happened, kernel }: Story, isFull: boolean): boolean =>
  !happened.killed && !happened.faulty && kernel.mainLives && !isFull;

/** Of any moment; `quiet`: nothing has happened for a while that could keep files from being written. */
export const checkReadiness = (story: Story, quiet: boolean, isFull: () => boolean): void => {
  const { readiness, kernel } = story;
  const state = stateIn(story);
  if (readiness === null || state === null) return;
  const told = readiness.toldMs.get(state.pid) ?? Infinity;
  if (state.ready && told > kernel.nowMs) fail(story, `state.json says ready for ${state.pid}, which has not told so`);
  if (!quiet || !isHeard(story, isFull())) return;
  const { pid } = state;
  const hasEnded = state.ready && !isLive(story, pid);
  // runsv hears of an end a moment later
  kernel.after(ENDED_MS, () => {
    const now = stateIn(story);
    if (hasEnded && isHeard(story, isFull()) && now?.ready === true && now.pid === pid)
      fail(story, `state.json says ready for ${pid}, which has ended`);
  });
  const isDue = told + HEARD_MS < kernel.nowMs && !readiness.doubtful.has(pid) && isLive(story, pid);
  const ownWord = readiness.files.fd || readiness.files.socket;
  if (isDue && ownWord === (state.by !== 'check') && readiness.files.checkMs === null && !state.ready)
    fail(story, `${pid} has told at ${told} that it is ready, state.json does not say so`);
};
