// What must hold for a supervised service, whatever happens to it. Read first: service-scenario.ts.
//
//   one        never two instances of ./run, ./finish or log/run at a time
//   truth      once things are quiet, the files say what is: phase, pid, want; status is whole
//   obedience  a want that was sent is told within bounded time, whatever else fails
//   care       a service wanted up runs, finishes, or is started within a second or so
//   readiness  state.json says ready only for a process that has told so (readiness.ts)
//   memory     state.json and history.jsonl are whole, count right, and give no number to two events
//   pace       ./run is not started twice within a second by the same runsv
//   patience   no busy loop, no descriptor kept
//   the end    told to exit, everything ends in order and in bounded time, with exit code 0, and no line is lost, whatever the
//              service left behind
import { decodeStatus, type Status } from '../../src/formats/status.ts';
import type { Ending, Live } from './kernel/kernel.ts';
import { mayConclude } from './policies.ts';
import { checkReadiness } from './readiness.ts';
import { historyTroubles, type Seen, stateTroubles } from '../lib/history.ts';
import { fail, type Invariants, STRAY, type Story } from './service-scenario.ts';

/** How long after an event or fault the files may still lag, in virtual milliseconds. */
const LAG_MS = 2500;
/** How long the end may take: control scripts, one after the other, then the log. */
const END_MS = 120_000;
/** How long a log that cannot be had holds up a start after that has an end. */
const LOG_WAIT_MS = 7000;
/** How often who was taken over is looked at where nothing tells of his end. */
const LOOK_MS = 200;
/** How long a want may take to be told. */
const ACK_MS = 50;
/** How long a turn of runsv takes in which it hears of an end and tells it. */
const TURN_MS = 1;

const CHECK = '/svc/check';

const quiet = (story: Story): boolean =>
  story.kernel.mainLives && story.kernel.nowMs > Math.max(story.faultEndMs, story.bornMs) + LAG_MS;

const statusOf = (story: Story, folder: string): Status | null => {
  const bytes = story.kernel.user.read(`${folder}/supervise/status`);
  if (bytes === null) return null;
  const status = decodeStatus(bytes);
  if (status === null) fail(story, `${folder}/supervise/status is torn: ${JSON.stringify(bytes)}`);
  return status;
};

const livingAt = (story: Story, path: string, pid: number): Live | undefined => {
  const all = story.kernel.live().filter(({ key }) => key === path || key.startsWith(`${path} of `));
  // one that lay in ./log before may be nobody's by now
  const key = path === '/svc/log/run' ? story.logProgram : path;
  return all.find((process) => process.pid === pid) ?? all.find((process) => process.key === key);
};

const checkTruth = (story: Story, folder: string, status: Status): void => {
  const { kernel } = story;
  const run = livingAt(story, `${folder}/run`, status.pid);
  const finish = livingAt(story, `${folder}/finish`, status.pid);
  const process = status.phase === 'run' ? run : status.phase === 'finish' ? finish : undefined;
  if (status.phase !== 'down' && process?.pid !== status.pid) {
    const trouble = `status of ${folder} says ${status.phase} ${status.pid}, but there is ${process?.pid ?? 'none'}`;
    // it may have ended at this very moment
    kernel.after(TURN_MS, () => {
      if (quiet(story) && statusOf(story, folder)?.pid === status.pid) fail(story, trouble);
    });
  }
  if (status.phase === 'down' && (run ?? finish) !== undefined)
    fail(story, `status of ${folder} says down, but one runs`);
  const pidFile = kernel.user.read(`${folder}/supervise/pid`);
  if (pidFile !== null && pidFile !== (status.pid === 0 ? '' : `${status.pid}\n`)) {
    fail(story, `pid of ${folder} says ${JSON.stringify(pidFile)}, status ${status.pid}`);
  }
  const stat = kernel.user.read(`${folder}/supervise/stat`);
  if (stat !== null && !stat.startsWith(status.phase))
    fail(story, `stat of ${folder} says ${stat}, status ${status.phase}`);
};

const checkWant = (story: Story, status: Status): void => {
  const { want, kernel } = story;
  if (want === null || kernel.nowMs < want.atMs + ACK_MS) return;
  const expected = want.letter === 'u' ? 'up' : 'down';
  if (expected === 'up' && mayConclude(story)) return;
  if (status.want !== expected) fail(story, `${want.letter} was sent at ${want.atMs}, status wants ${status.want}`);
};

const isDiskFull = ({ kernel, spaceMs }: Story, marginMs: number): boolean =>
  kernel.mount().freeBytes === 0 || kernel.nowMs < spaceMs + marginMs;

/** A log that cannot be had holds up a start for a while; a new one cannot be made on a full disk. */
const isLogAwaited = (story: Story): boolean =>
  story.kernel.nowMs < story.logEndMs + LOG_WAIT_MS || (story.logMoved && isDiskFull(story, LOG_WAIT_MS));

/** One that can tell is not started where state.json cannot say so: on a full disk. */
const isTellingAwaited = (story: Story): boolean => story.readiness !== null && isDiskFull(story, LAG_MS);

/** A wanted service is running, finishing, or on its way: looked at now, and if it is down, again a little later. */
const checkCare = (story: Story, status: Status): void => {
  if (status.want !== 'up' || status.phase !== 'down' || story.scripts.length > 0) return;
  // of a calm life the invariant backoff knows more
  if (isLogAwaited(story) || isTellingAwaited(story) || story.policies?.calm === true) return;
  const starts = story.startsMs.length;
  const { runs } = story;
  // a start waits for the end of a log that was removed, for a while
  story.kernel.after(story.logMoved ? LOG_WAIT_MS : LAG_MS, () => {
    const now = statusOf(story, '/svc');
    const same = runs === story.runs && quiet(story) && now?.want === 'up' && now.phase === 'down';
    if (same && !isLogAwaited(story) && !isTellingAwaited(story) && story.startsMs.length === starts)
      fail(story, 'wanted up, down, and not started');
  });
};

const checkOne = (story: Story): void => {
  // a control script that lost its supervisor is nobody's any more, nor is what a service leaves behind
  const isNobodys = (key: string): boolean => key.includes('/control/') || (key === CHECK && story.happened.killed);
  const overlap = story.kernel.overlaps.find((each) => !isNobodys(each.key) && each.key !== STRAY);
  if (overlap !== undefined) fail(story, `${overlap.live} instances of ${overlap.key} at ${overlap.atMs} ms`);
};

const checkPace = (story: Story): void => {
  const starts = story.startsMs.filter((ms) => ms >= story.bornMs);
  const last = starts.length - 1;
  const gap = (starts[last] ?? 0) - (starts[last - 1] ?? -Infinity);
  if (last > 0 && gap < 999) fail(story, `two starts within ${gap} ms`);
};

/** Descriptors come and go with adoption only. */
const checkDescriptors = (story: Story): void => {
  const most = (story.withLog ? 18 : 12) + (story.readiness === null ? 0 : 2);
  const open = story.kernel.openFds();
  if (open.length > most) fail(story, `${open.length} descriptors open: ${open.join(', ')}`);
};

interface Memory {
  readonly seen: Seen;
  history: string | null;
  state: string | null;
}
const MEMORIES = new WeakMap<Story, Memory>();

/** Whether a history has none of the lines that were seen. */
const startsAnew = (history: string | null, seen: Seen): boolean => {
  const known = new Set(seen.values());
  return history !== null && !history.split('\n').some((line) => known.has(line));
};

const checkMemory = (story: Story): void => {
  const memory = MEMORIES.get(story) ?? { seen: new Map(), history: null, state: null };
  MEMORIES.set(story, memory);
  const [history, state] = ['history.jsonl', 'state.json'].map((name) =>
    story.kernel.user.read(`/svc/supervise/${name}`),
  ) as [string | null, string | null];
  // a service without ./run that ends takes its records with it
  if (story.happened.runTouched && startsAnew(history, memory.seen)) memory.seen.clear();
  const troubles = [
    ...(history === memory.history ? [] : historyTroubles(history, memory.seen)),
    ...(state === memory.state ? [] : stateTroubles(state)),
  ];
  for (const trouble of troubles) fail(story, trouble);
  Object.assign(memory, { history, state });
};

const whileItRuns = (story: Story): void => {
  checkOne(story);
  checkPace(story);
  checkMemory(story);
  checkReadiness(story, quiet(story), () => isDiskFull(story, LAG_MS));
  if (!quiet(story)) return;
  const status = statusOf(story, '/svc');
  if (status === null) {
    // a file that once could not be written for another reason may lack its spare when the disk is full
    if (!(story.happened.faulty && isDiskFull(story, LAG_MS))) fail(story, 'no status although all is quiet');
    return;
  }
  checkWant(story, status);
  checkCare(story, status);
  checkDescriptors(story);
  if (story.withLog) statusOf(story, '/svc/log');
  settle(story);
};

/** Whether the files in ./log are those of a living supervisor, as `sv` finds out. */
const isLogSupervised = ({ kernel }: Story): boolean => kernel.user.send('/svc/log/supervise/ok', '') === 0;

/** The files are compared with the truth between two calls of runsv; it may be on its way to write them. */
const settle = (story: Story): void => {
  const before = JSON.stringify(story.kernel.live());
  story.kernel.after(story.happened.unheld ? 5 + LOOK_MS : 5, () => {
    const status = statusOf(story, '/svc');
    if (!quiet(story) || status === null || before !== JSON.stringify(story.kernel.live())) return;
    checkTruth(story, '/svc', status);
    const log = isLogSupervised(story) ? statusOf(story, '/svc/log') : null;
    if (log !== null) checkTruth(story, '/svc/log', log);
  });
};

const checkLines = (story: Story): void => {
  if (!story.withLog || story.happened.killed || story.happened.logTouched) return;
  const written = story.kernel.record('/svc/run').bytesWritten;
  const more = story.kernel.record(STRAY).bytesWritten;
  const read = story.kernel.record('/svc/log/run').bytesRead;
  if (read < written || read > written + more) fail(story, `the log read ${read} bytes of ${written} and ${more}`);
};

const atTheEnd = (story: Story, ending: Ending, left: readonly Live[]): void => {
  checkOne(story);
  checkLines(story);
  if (ending.how !== 'exited' || ending.code !== 0) fail(story, `ended by ${JSON.stringify(ending)}`);
  if (story.goingMs !== null && story.kernel.nowMs - story.goingMs > END_MS) fail(story, 'the end took too long');
  const gone = left.filter((each) => each.key !== STRAY);
  // and of what lay in ./log when that was away, or cannot be looked at now, no later runsv knows
  const isLogUnknown = story.logMoved || story.kernel.nowMs < story.logEndMs;
  const forgotten = ({ key }: Live): boolean =>
    key.includes('/control/') || key === CHECK || (isLogUnknown && key.startsWith('/svc/log/'));
  const kept = gone.filter((each) => !(story.happened.killed && forgotten(each)));
  if (kept.length > 0) fail(story, `still there: ${kept.map((each) => each.key).join(', ')}`);
  const status = statusOf(story, '/svc');
  if (status !== null && !story.happened.faulty && (status.phase !== 'down' || status.pid !== 0)) {
    fail(story, `status says ${status.phase} ${status.pid} after the end`);
  }
};

export const serviceInvariants: Invariants = { whileItRuns, atTheEnd };
