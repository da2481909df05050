// One seeded life of a runsvdir: services come, go, are renamed and replaced; runsvs die, are refused, outlive their
// supervisor; the scan directory itself is a link that is switched. Every other one is a whole container: runsvdir is
// its process 1, or a subreaper, and brings down services that obey, take their time, or do neither.
//
// The real runsvdir runs on the virtual kernel; runsv is a behaviour that takes the lock of its service as the real one
// does. What must hold is in scan-invariants.ts.
import { runsvdir } from '../../src/applets/runsvdir.ts';
import { EACCES, EAGAIN, EIO, ENOMEM } from '../../src/abi/errno.ts';
import { LOCK_EX } from '../../src/abi/flags.ts';
import { SIGALRM, SIGHUP, SIGINT, SIGKILL, SIGTERM } from '../../src/abi/signals.ts';
import { LOCK_SH } from './kernel/numbers.ts';
import {
  type Behaviour,
  type Ending,
  Outsider,
  Random,
  type Reaction,
  type Started,
  VirtualKernel,
} from './kernel/kernel.ts';

const END_MS = 20000;
const ASK_AGAIN_MS = 5000;
const NAMES = ['a', 'b', 'c', 'd', 'e'] as const;
const SETS = ['/set1', '/set2'] as const;
/** What users see; a link to one of the sets. */
export const SCAN = '/service';

const SIGPWR = 30;
const SIGNAL_BITS = 127;

/** How runsvdir supervises: the directory alone, or a container as its process 1 or as a subreaper. */
export type Mode = 'classic' | 'first' | 'subreaper';

export interface ScanStory {
  readonly mode: Mode;
  /** What asks for the end. */
  readonly endSignal: number;
  readonly killAfterMs: number;
  /** When the end was asked for; null: not yet. */
  askedMs: number | null;
  endedMs: number;
  /** Who lived when runsvdir was about to exit. */
  left: readonly string[];
  /** When logs were killed whose runsv still lived. */
  readonly logsKilledMs: number[];
  readonly seed: number;
  readonly kernel: VirtualKernel;
  readonly random: Random;
  readonly events: string[];
  readonly failures: string[];
  /** Directories that real services live in, made anew for each replacement. */
  made: number;
  /** When something last changed or stopped failing. */
  changedMs: number;
  bornMs: number;
  runs: number;
}

export const failScan = (story: ScanStory, what: string): void => {
  if (story.failures.length < 5) story.failures.push(`${story.kernel.nowMs.toFixed(3)} ms: ${what}`);
};

const note = (story: ScanStory, what: string): void => {
  story.events.push(`${story.kernel.nowMs.toFixed(1)} ${what}`);
  story.changedMs = story.kernel.nowMs;
};

/** A runsv: holds the lock of the directory that its name leads to, or ends with 111. */
const runsvBehaviour = (story: ScanStory, started: Started): Behaviour => {
  const { random, kernel } = story;
  const name = started.argv[1] ?? '';
  const held = new Outsider(kernel.world, started.process).lock(`${name}/supervise/lock`);
  if (typeof held === 'number') return { key: '/refused', livesMs: 1, exit: 111 };
  const inode = held.description.inode;
  const folder = inode?.parent?.parent;
  if (folder !== undefined && folder !== null) started.process.enter(folder);
  return {
    key: `/runsv ${inode?.parent?.number}`,
    livesMs: random.chance(0.8) ? 'forever' : random.int(3000),
    exit: random.pick([0, 100, 111]),
    onTerm: random.chance(0.5) ? 'die' : { exitAfterMs: random.int(1500), code: 0 },
    ...(story.mode === 'classic' ? {} : householdOf(story, started.process)),
  };
};

const reaction = ({ random }: ScanStory): Reaction =>
  random.pick(['die', 'ignore', { exitAfterMs: random.int(4000), code: 0 }] as const satisfies readonly Reaction[]);

/** In a container, what a runsv has started is there as well, and not everybody obeys. */
const householdOf = (story: ScanStory, runsv: Started['process']): Behaviour => {
  const { random, kernel } = story;
  const isNamed: { look: () => boolean } = { look: () => false };
  const log: Behaviour = {
    onTerm: 'ignore',
    onStart: (process, world) => {
      // the lock is runsv's alone
      process.closeAll();
      const outsider = new Outsider(world, runsv);
      outsider.file('log/supervise/pid', `${process.pid}\n`);
      // where the directory was removed since, nobody can tell a log from the rest
      isNamed.look = () => outsider.exists('log/supervise/pid');
    },
    onEnd: (process) => {
      const killed = (process.status & SIGNAL_BITS) === SIGKILL && kernel.mainLives;
      if (killed && runsv.live && isNamed.look() && story.askedMs !== null) story.logsKilledMs.push(kernel.nowMs);
    },
  };
  return {
    children: [
      { key: '/child run', behaviour: { onTerm: reaction(story), onStart: (process) => process.closeAll() } },
      ...(random.chance(0.5) ? [{ key: '/child log', behaviour: log }] : []),
    ],
  };
};

// ---- events -----------------------------------------------------------------------------------------------------

type Act = (story: ScanStory) => void;

const newService = (story: ScanStory): string => {
  const path = `/sv/${++story.made}`;
  story.kernel.user.folder(`${path}/supervise`);
  return path;
};

const somewhere = (story: ScanStory): string => `${story.random.pick(SETS)}/${story.random.pick(NAMES)}`;

const addLink: Act = (story) => {
  const path = somewhere(story);
  if (story.kernel.user.exists(path)) return;
  const target =
    story.made > 0 && story.random.chance(0.3) ? `/sv/${1 + story.random.int(story.made)}` : newService(story);
  note(story, `link ${path} to ${target}`);
  story.kernel.user.symlink(target, path);
};

const addFolder: Act = (story) => {
  const path = somewhere(story);
  if (story.kernel.user.exists(path)) return;
  note(story, `mkdir ${path}`);
  story.kernel.user.folder(`${path}/supervise`);
};

const addRubbish: Act = (story) => {
  note(story, 'rubbish in the scan directory');
  const set = story.random.pick(SETS);
  story.kernel.user.file(`${set}/.hidden`);
  story.kernel.user.file(`${set}/file`);
  story.kernel.user.symlink('/nowhere', `${set}/dangling`);
};

const removeEntry: Act = (story) => {
  const path = somewhere(story);
  if (!story.kernel.user.exists(path)) return;
  note(story, `remove ${path}`);
  story.kernel.user.remove(path);
};

const renameEntry: Act = (story) => {
  const from = somewhere(story);
  const to = somewhere(story);
  if (!story.kernel.user.exists(from) || story.kernel.user.exists(to)) return;
  note(story, `rename ${from} to ${to}`);
  story.kernel.user.rename(from, to);
};

const replaceEntry: Act = (story) => {
  const path = somewhere(story);
  if (!story.kernel.user.exists(path)) return;
  const target = newService(story);
  note(story, `replace ${path} by a link to ${target}`);
  story.kernel.user.symlink(target, `${path}.new`);
  story.kernel.user.remove(path);
  story.kernel.user.rename(`${path}.new`, path);
};

const switchSet: Act = (story) => {
  const target = story.random.pick(SETS);
  note(story, `switch to ${target}`);
  story.kernel.user.symlink(target, '/service.new');
  story.kernel.user.rename('/service.new', SCAN);
};

const loseSet: Act = (story) => {
  note(story, 'the scan directory is gone for a while');
  story.kernel.user.rename(SCAN, '/service.away');
  story.kernel.after(story.random.int(3000), () => {
    note(story, 'the scan directory is back');
    story.kernel.user.rename('/service.away', SCAN);
  });
};

const killRunsv: Act = (story) => {
  const live = story.kernel.live();
  if (live.length === 0) return;
  const signal = story.random.pick([SIGTERM, SIGKILL]);
  const { pid, key } = story.random.pick(live);
  note(story, `signal ${signal} to ${key} (${pid})`);
  story.kernel.kill(pid, signal);
};

const killRunsvdir: Act = (story) => {
  note(story, 'kill -9 runsvdir');
  if (story.kernel.mainLives) story.kernel.killMain();
};

/** At some call of the next moment, as a bug or the want of memory would. */
const failEngine: Act = (story) => {
  if (story.mode === 'classic') return;
  note(story, 'the engine fails');
  story.kernel.atStep(story.kernel.steps + 1 + story.random.int(60), () => story.kernel.failEngine());
};

const alarm: Act = (story) => {
  note(story, 'ALRM');
  if (story.kernel.mainLives) story.kernel.kill(story.kernel.main.pid, SIGALRM);
};

const refuseForks: Act = (story) => {
  note(story, 'no forks');
  const fault = story.kernel.fault({ call: 'spawn', errno: EAGAIN, probability: 0.7 });
  story.kernel.after(story.random.int(3000), () => {
    note(story, 'forks again');
    fault.off();
  });
};

/** Entries, or the directory itself, cannot be looked at for a while. */
const failLooks: Act = (story) => {
  const { kernel, random } = story;
  const errno = random.pick([EIO, EACCES, ENOMEM]);
  note(story, `looks are refused with ${errno}`);
  const probability = random.pick([0.3, 1]);
  const entries = (path: string): boolean => (NAMES as readonly string[]).includes(path);
  const directory = (path: string): boolean => path === SCAN || path === '.';
  const faults = random.chance(0.7)
    ? [kernel.fault({ call: 'stat', errno, probability, when: random.chance(0.8) ? entries : directory })]
    : [kernel.fault({ call: 'readdir', errno, probability, when: directory })];
  kernel.after(random.int(4000), () => {
    note(story, 'looks again');
    // what was refused is asked again five seconds later at most
    story.changedMs += ASK_AGAIN_MS;
    for (const fault of faults) fault.off();
  });
};

/** Somebody out of sight holds the lock of a directory, or asks for a moment whether another does. */
const holdSet: Act = (story) => {
  const { kernel, random } = story;
  const set = random.pick(SETS);
  const kind = random.pick([LOCK_EX, LOCK_SH]);
  const held = kernel.user.lockFolder(set, kind);
  if (typeof held === 'number') return;
  note(story, `${set} is held`);
  kernel.after(random.pick([10, 3000]) * random.fraction(), () => held.close());
};

const stepClock: Act = (story) => {
  note(story, 'wall clock steps');
  story.kernel.stepWall(story.random.between(-100000, 100000));
};

const ACTS: readonly Act[] = [
  addLink,
  addLink,
  addLink,
  addLink,
  addFolder,
  addRubbish,
  removeEntry,
  removeEntry,
  renameEntry,
  replaceEntry,
  replaceEntry,
  switchSet,
  loseSet,
  killRunsv,
  killRunsv,
  killRunsv,
  killRunsvdir,
  failEngine,
  failEngine,
  alarm,
  refuseForks,
  stepClock,
  failLooks,
  failLooks,
  holdSet,
  holdSet,
];

// ---- the life ---------------------------------------------------------------------------------------------------

export interface ScanInvariants {
  whileItRuns(story: ScanStory): void;
  atTheEnd(story: ScanStory, ending: Ending): void;
}

const schedule = (story: ScanStory, invariants: ScanInvariants): void => {
  const { kernel, random } = story;
  const count = 5 + random.int(25);
  for (let n = 0; n < count; n++) {
    const act = random.pick(ACTS);
    kernel.at(random.fraction() * (END_MS - 7000), () => act(story));
  }
  for (let n = 0; n < 8; n++) kernel.at(random.fraction() * END_MS, () => invariants.whileItRuns(story));
  kernel.at(END_MS - 1, () => invariants.whileItRuns(story));
  kernel.at(END_MS, () => hangUp(story));
};

/** From now on a runsv may wait for a service that does not end. */
const makeStubborn = (story: ScanStory): void => {
  for (const process of story.kernel.world.processes.all()) {
    if (process.record?.key.startsWith('/runsv') !== true) continue;
    process.behaviour = { ...process.behaviour, onTerm: reaction(story) };
  }
};

const hangUp = (story: ScanStory): void => {
  note(story, `signal ${story.endSignal}`);
  if (!story.kernel.mainLives) return;
  if (story.mode !== 'classic') makeStubborn(story);
  for (let n = story.random.int(4); n > 0; n--) story.kernel.after(story.random.int(3000), () => failEngine(story));
  story.askedMs ??= story.kernel.nowMs;
  story.kernel.kill(story.kernel.main.pid, story.endSignal);
};

const argvOf = ({ mode, killAfterMs }: ScanStory): string[] => {
  if (mode === 'classic') return ['runsvdir', '-P', SCAN];
  return ['runsvdir', '-P', '-k', String(killAfterMs / 1000), ...(mode === 'first' ? [] : ['--subreaper']), SCAN];
};

const runOnce = (story: ScanStory): Ending => {
  story.bornMs = story.kernel.nowMs;
  story.runs++;
  const argv = argvOf(story);
  const program = (): number => {
    const code = runsvdir.run(argv);
    story.left = story.kernel.live().map(({ key }) => key);
    story.endedMs = story.kernel.nowMs;
    return code;
  };
  const first = story.mode === 'first' ? { pid: 1 } : {};
  let ending = story.kernel.run(program, { argv, env: ['PATH=/bin'], ...first });
  while (ending.how === 'executed') {
    note(story, 'the engine goes on');
    ending = story.kernel.runOn(program, ending.env);
  }
  return ending;
};

/** Plays one scenario; what it returns has no failures if all is well. */
export const playScan = (seed: number, invariants: ScanInvariants, trace = 0): ScanStory => {
  const random = new Random(seed);
  const kernel = new VirtualKernel({ seed, trace, readdirOrder: 'random' });
  const mode = random.pick(['classic', 'classic', 'first', 'subreaper'] as const);
  const story: ScanStory = {
    mode,
    endSignal: mode === 'classic' ? SIGHUP : random.pick([SIGTERM, SIGHUP, SIGINT, SIGPWR]),
    killAfterMs: random.pick([0, 500, 2000, 7000]),
    askedMs: null,
    endedMs: 0,
    left: [],
    logsKilledMs: [],
    seed,
    kernel,
    random,
    events: [],
    failures: [],
    made: 0,
    changedMs: 0,
    bornMs: 0,
    runs: 0,
  };
  kernel.user.program('/bin/runsv', (started: Started) => runsvBehaviour(story, started));
  for (const set of SETS) kernel.user.folder(set);
  kernel.user.symlink('/set1', SCAN);
  schedule(story, invariants);
  let ending = runOnce(story);
  // as an init would: another runsvdir whenever one was killed
  while (ending.how === 'killed' && story.runs < 20) {
    kernel.advance(random.int(500));
    if (kernel.nowMs > END_MS) kernel.after(100, () => hangUp(story));
    ending = runOnce(story);
  }
  kernel.advance(5000);
  invariants.atTheEnd(story, ending);
  return story;
};
