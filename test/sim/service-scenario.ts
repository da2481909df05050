// One seeded life of a runsv: a service directory with random programs in it, users, faults and kills around it.
//
// The real runsv runs on the virtual kernel. What must hold at any moment, and at the end, is in service-invariants.ts.
// A seed is a scenario: the same number gives the same events, call for call.
import { runsv } from '../../src/applets/runsv.ts';
import { EAGAIN, EINTR, EIO, EMFILE, ENOMEM, ENOSPC } from '../../src/abi/errno.ts';
import { SIGHUP, SIGINT, SIGKILL, SIGQUIT, SIGTERM } from '../../src/abi/signals.ts';
import { LETTERS } from '../../src/machine/service/letters.ts';
import { type Behaviour, type Ending, type Live, Random, VirtualKernel } from './kernel/kernel.ts';
import {
  finishEnded,
  finishStarted,
  type Policies,
  randomPolicies,
  runEnded,
  runStarted,
  stopSent,
  writeValues,
} from './policies.ts';
import { type Readiness, randomReadiness, telling, writeReadiness } from './readiness.ts';

const END_MS = 20000;
const WANTS = 'udox';
const NOBODY = 65534;
const SCRIPTS = ['u', 't', 'k', 'd', 'x', 'h', 'p', 'c'] as const;

export interface Doings {
  /** runsv was killed; somebody stopped or killed the log; some call was refused. */
  killed: boolean;
  logTouched: boolean;
  faulty: boolean;
  /** ./run was away for a while. */
  runTouched: boolean;
  /** pidfd_open is refused: the ends of adopted processes are polled. */
  unheld: boolean;
}

/** What a scenario has done and seen; the invariants look at it. */
export interface Story {
  readonly seed: number;
  readonly kernel: VirtualKernel;
  readonly random: Random;
  readonly withLog: boolean;
  readonly withFinish: boolean;
  readonly scripts: readonly string[];
  /** null: it has no value files. */
  readonly policies: Policies | null;
  /** null: it cannot tell whether it is ready. */
  readonly readiness: Readiness | null;
  readonly happened: Doings;
  readonly events: string[];
  readonly failures: string[];
  /** The last want that was sent and when; null: none, or not to be relied on. */
  want: { readonly letter: string; readonly atMs: number } | null;
  /** ./log was moved away: whoever supervised it then may have left it there. */
  logMoved: boolean;
  /** What ./log/run is now, among the programs that had that name. */
  logProgram: string;
  /** When ./log last was away, or could not be looked at. */
  logEndMs: number;
  /** When it was told to go for good; null: not yet. */
  goingMs: number | null;
  /** Told to exit: from then on a service with a log has no way back. */
  exiting: boolean;
  /** When a fault last held. */
  faultEndMs: number;
  /** When a full disk last had space again. */
  spaceMs: number;
  /** When the present runsv began; its predecessor's rules end there. */
  bornMs: number;
  startsMs: number[];
  baseFds: number;
  runs: number;
}

export const fail = (story: Story, what: string): void => {
  if (story.failures.length < 5) story.failures.push(`${story.kernel.nowMs.toFixed(3)} ms: ${what}`);
};

const note = (story: Story, what: string): void => {
  story.events.push(`${story.kernel.nowMs.toFixed(1)} ${what}`);
};

// ---- programs ---------------------------------------------------------------------------------------------------

const onTerm = (random: Random): NonNullable<Behaviour['onTerm']> => {
  const chance = random.fraction();
  if (chance < 0.7) return 'die';
  return chance < 0.85 ? { exitAfterMs: random.int(3000), code: 0 } : 'ignore';
};

const lifetime = (random: Random): number | 'forever' => {
  const chance = random.fraction();
  if (chance < 0.4) return 'forever';
  return chance < 0.7 ? random.int(900) : random.int(6000);
};

/** What a service may leave behind: it holds the pipe to the log, and may write on. */
export const STRAY = '/svc/stray';
const strays = ({ random }: Story): NonNullable<Behaviour['children']> => {
  if (!random.chance(0.15)) return [];
  const writes = random.chance(0.3) ? [{ bytes: 'stray\n', everyMs: 1 + random.int(300) }] : [];
  const livesMs = random.chance(0.5) ? 'forever' : random.int(9000);
  return [{ key: STRAY, behaviour: { livesMs, onTerm: random.chance(0.5) ? 'die' : 'ignore', writes } }];
};

const runBehaviour = (story: Story): Behaviour => {
  const { random, kernel } = story;
  const told = telling(story);
  return {
    livesMs: lifetime(random),
    exit: random.chance(0.2) ? { signal: random.pick([9, 11, 15]) } : random.pick([0, 1, 100, 111]),
    onTerm: onTerm(random),
    writes: [{ bytes: 'line\n', afterMs: 1, everyMs: 1 + random.int(400), times: 50 }, ...(told.writes ?? [])],
    children: strays(story),
    onStart: (process, world) => {
      told.onStart(process, world);
      story.startsMs.push(kernel.nowMs);
      runStarted(story);
    },
    onEnd: (process) => runEnded(story, process),
  };
};

const finishBehaviour = (story: Story): Behaviour => ({
  livesMs: story.random.chance(0.1) ? 'forever' : story.random.int(2000),
  onTerm: 'ignore',
  onStart: (process) => finishStarted(story, process),
  onEnd: () => finishEnded(story),
});

const scriptBehaviour = (random: Random): Behaviour => ({
  livesMs: random.chance(0.1) ? 'forever' : random.int(500),
  exit: random.chance(0.3) ? { signal: 6 } : random.pick([0, 1, 111]),
});

const logBehaviour = (story: Story): Behaviour => {
  const { random, happened } = story;
  const isDeaf = random.chance(0.03);
  if (isDeaf) happened.logTouched = true;
  return {
    readsStdinUntilEof: !isDeaf,
    livesMs: random.chance(0.7) ? 'forever' : random.int(4000),
    onTerm: onTerm(random),
  };
};

const setUp = (story: Story): void => {
  const { kernel, random } = story;
  kernel.user.program('/svc/run', () => runBehaviour(story));
  if (story.withFinish) kernel.user.program('/svc/finish', () => finishBehaviour(story));
  if (story.withLog) kernel.user.program('/svc/log/run', () => logBehaviour(story));
  for (const letter of story.scripts) kernel.user.program(`/svc/control/${letter}`, () => scriptBehaviour(random));
  writeValues(story);
  writeReadiness(story);
  if (random.chance(0.15) && story.policies?.calm !== true) kernel.user.file('/svc/down');
  if (story.withLog && random.chance(0.05)) {
    kernel.user.file('/svc/log/down');
    story.happened.logTouched = true;
  }
};

// ---- events -----------------------------------------------------------------------------------------------------

type Act = (story: Story) => unknown;

const sendTo = (story: Story, fifo: string, letters: string): number => {
  note(story, `send ${JSON.stringify(letters)} to ${fifo}`);
  return story.kernel.user.send(fifo, letters);
};

const sendCommand: Act = (story) => {
  const letters = story.random.chance(0.2) ? 'tcu' : story.random.pick(LETTERS);
  const sent = sendTo(story, '/svc/supervise/control', letters);
  if (letters === 'x') story.exiting = true;
  if (sent > 0 && /[dxt]/.test(letters)) stopSent(story);
  if (sent < 0 || story.exiting) {
    story.want = null;
    return;
  }
  const letter = [...letters].findLast((each) => WANTS.includes(each));
  if (sent > 0 && letter !== undefined) story.want = { letter, atMs: story.kernel.nowMs };
};

const sendToLog: Act = (story) => {
  if (!story.withLog) return;
  const letter = story.random.pick(LETTERS);
  sendTo(story, '/svc/log/supervise/control', letter);
  story.happened.logTouched = true;
};

/** Many commands at once, as much as a fifo takes; the last is one that wants something. */
const flood: Act = (story) => {
  const { random } = story;
  const letters = Array.from({ length: 1 + random.int(3) }, () => random.pick([...'tpchai12du']));
  const count = random.int(700);
  if (sendTo(story, '/svc/supervise/control', `${letters.join('').repeat(count)}u`) < 0) return;
  // how much of it the fifo has taken is not known
  story.want = null;
};

const sendJunk: Act = (story) => {
  const junk = Array.from({ length: 1 + story.random.int(40) }, () => String.fromCharCode(128 + story.random.int(128)));
  sendTo(story, '/svc/supervise/control', junk.join(''));
};

const killProgram: Act = (story) => {
  const live = story.kernel.live();
  if (live.length === 0) return;
  const { pid, key } = story.random.pick(live);
  const signal = story.random.pick([SIGTERM, SIGKILL, 19, 18]);
  if (key.includes('log')) story.happened.logTouched = true;
  note(story, `signal ${signal} to ${key} (${pid})`);
  story.kernel.kill(pid, signal);
  // whoever stops a process is expected to let it go on
  if (signal === 19) story.kernel.after(2000, () => void story.kernel.kill(pid, 18));
};

const killSupervisor: Act = (story) => {
  note(story, 'kill -9 runsv');
  story.happened.killed = true;
  story.want = null;
  story.kernel.killMain();
};

const killSupervisorMidway: Act = (story) => {
  const steps = 1 + story.random.int(60);
  note(story, `kill -9 runsv ${steps} calls from now`);
  story.kernel.atStep(story.kernel.steps + steps, () => {
    story.happened.killed = true;
    story.want = null;
    note(story, 'kill -9 runsv in the middle of its work');
    if (story.kernel.mainLives) story.kernel.killMain();
  });
};

const stepClock: Act = (story) => {
  const ms = story.random.between(-100000, 100000);
  note(story, `wall clock ${ms} ms`);
  story.kernel.stepWall(ms);
};

/** Holds a fault for a while, until when; what goes wrong meanwhile is told, and mended afterwards. */
const holding = (story: Story, what: string, on: () => () => void): number => {
  const lastsMs = 1 + story.random.int(3000);
  note(story, `${what} for ${lastsMs} ms`);
  story.happened.faulty = true;
  story.faultEndMs = Math.max(story.faultEndMs, story.kernel.nowMs + lastsMs);
  const off = on();
  story.kernel.after(lastsMs, off);
  return story.kernel.nowMs + lastsMs;
};

const withoutLog = (story: Story, endMs: number): void => {
  story.logEndMs = Math.max(story.logEndMs, endMs);
};

const refuseForks: Act = (story) =>
  holding(story, 'no forks', () => {
    const fault = story.kernel.fault({ call: 'spawn', errno: EAGAIN });
    return () => fault.off();
  });

const refuseFiles: Act = (story) =>
  holding(story, 'no descriptors', () => {
    const fault = story.kernel.fault({ call: 'open', errno: EMFILE, probability: 0.5 });
    return () => fault.off();
  });

const refuseWrites: Act = (story) =>
  holding(story, 'writes fail', () => {
    const fault = story.kernel.fault({ call: 'write', errno: ENOSPC, probability: 0.5 });
    return () => fault.off();
  });

/** A full disk is no fault: what is there can be overwritten, and so every update must arrive. */
const fillDisk: Act = (story) => {
  note(story, 'disk full');
  story.kernel.mount().fill();
  story.kernel.after(story.random.int(4000), () => {
    story.kernel.mount().clear();
    story.spaceMs = story.kernel.nowMs;
  });
};

const takeRunAway: Act = (story) =>
  holding(story, './run is gone', () => {
    story.happened.runTouched = true;
    story.kernel.user.rename('/svc/run', '/svc/run.away');
    return () => void story.kernel.user.rename('/svc/run.away', '/svc/run');
  });

const moveLog: Act = (story) => {
  story.logMoved = true;
  story.happened.logTouched = true;
  const endMs = holding(story, './log is gone', () => {
    story.kernel.user.rename('/svc/log', '/svc/log.away');
    return () => void story.kernel.user.rename('/svc/log.away', '/svc/log');
  });
  withoutLog(story, endMs);
};

const refuseStats: Act = (story) => {
  const endMs = holding(story, 'no stat', () => {
    const fault = story.kernel.fault({ call: 'stat', errno: EIO, probability: 0.7 });
    return () => fault.off();
  });
  withoutLog(story, endMs);
};

/** Looks at what is there: at supervise/, at processes, at locks. */
const refuseLooks: Act = (story) => {
  const { random, kernel } = story;
  const call = random.pick(['lstat', 'fstat', 'read', 'pidfd', 'flock', 'access', 'poll'] as const);
  story.happened.unheld ||= call === 'pidfd';
  const endMs = holding(story, `no ${call}`, () => {
    const errno = call === 'poll' ? EINTR : random.pick([EIO, ENOMEM]);
    const fault = kernel.fault({ call, errno, probability: 0.5 });
    return () => fault.off();
  });
  withoutLog(story, endMs);
};

/** `chown -R user supervise`: the record in it counts only where the kernel vouches. */
const giveAway: Act = (story) => {
  const side = story.random.pick(['/svc', '/svc/log']);
  note(story, `chown ${side}/supervise/lock`);
  story.kernel.user.chown(`${side}/supervise/lock`, NOBODY);
};

/** Another ./log, or the same one made anew, while the old one may be at work. */
const replaceLog: Act = (story) => {
  const { kernel } = story;
  if (!story.withLog || kernel.mount().freeBytes === 0) return;
  if (kernel.user.rename('/svc/log', `/svc/log.${kernel.nowMs}`) !== 0) return;
  note(story, './log is replaced');
  story.logMoved = true;
  story.happened.logTouched = true;
  withoutLog(story, kernel.nowMs);
  // another program: the old one may be at work, unsupervised
  const key = `/svc/log/run of ${kernel.nowMs}`;
  story.logProgram = key;
  kernel.user.program('/svc/log/run', () => ({ ...logBehaviour(story), key }));
};

const ACTS: readonly (readonly [number, Act])[] = [
  [40, sendCommand],
  [6, sendToLog],
  [4, sendJunk],
  [14, killProgram],
  [3, killSupervisor],
  [4, killSupervisorMidway],
  [4, stepClock],
  [4, refuseForks],
  [3, refuseFiles],
  [3, refuseWrites],
  [4, fillDisk],
  [3, takeRunAway],
  [2, moveLog],
  [2, refuseStats],
  [3, refuseLooks],
  [2, giveAway],
  [1, replaceLog],
  [1, flood],
];
const WEIGHTS = ACTS.reduce((sum, [weight]) => sum + weight, 0);

const pickAct = (random: Random): Act => {
  let at = random.int(WEIGHTS);
  for (const [weight, act] of ACTS) {
    if (at < weight) return act;
    at -= weight;
  }
  return sendCommand;
};

// ---- the life ---------------------------------------------------------------------------------------------------

const newStory = (seed: number, trace: number): Story => {
  const random = new Random(seed);
  const policies = randomPolicies(random);
  const calm = policies?.calm === true;
  const kernel = new VirtualKernel({ seed, trace });
  return {
    seed,
    kernel,
    random,
    withLog: random.chance(0.5) && !calm,
    withFinish: random.chance(0.5),
    policies,
    readiness: randomReadiness(seed, calm),
    scripts: random.chance(0.3) && !calm ? SCRIPTS.filter(() => random.chance(0.3)) : [],
    happened: { killed: false, logTouched: false, runTouched: false, faulty: false, unheld: false },
    events: [],
    failures: [],
    want: null,
    logMoved: false,
    logProgram: '/svc/log/run',
    logEndMs: -Infinity,
    goingMs: null,
    exiting: false,
    faultEndMs: -1,
    spaceMs: -1,
    bornMs: 0,
    startsMs: [],
    baseFds: -1,
    runs: 0,
  };
};

/** The checks that a scenario makes as it goes, and at its end. */
export interface Invariants {
  whileItRuns(story: Story): void;
  atTheEnd(story: Story, ending: Ending, left: readonly Live[]): void;
}

const isOver = (ending: Ending): boolean => ending.how === 'exited' && ending.code === 0;

/** Brings the service down as an impatient administrator does: exit, and kill until it is gone. */
const bringDown = (story: Story): void => {
  const { kernel, random } = story;
  story.want = null;
  kernel.mount().clear();
  const signal = random.pick([SIGTERM, SIGHUP, SIGINT, SIGQUIT, 0]);
  note(story, signal === 0 ? 'exit' : `signal ${signal} to runsv`);
  if (signal === 0) kernel.user.send('/svc/supervise/control', 'x');
  else kernel.kill(kernel.main.pid, signal);
  story.goingMs ??= kernel.nowMs;
  // a patient one kills the service alone: the log and control scripts must come to their ends by themselves
  const isPatient = random.chance(0.5);
  for (let again = 1; again <= 8; again++) {
    kernel.after(again * 1500, () => {
      const isService = kernel.live().some(({ key }) => key === '/svc/run' || key === '/svc/finish');
      if (!isPatient || isService) kernel.user.send('/svc/supervise/control', 'k');
    });
  }
};

/** What a service tells by is refused. */
const refuseTelling: Act = (story) =>
  holding(story, 'no sockets, and no messages', () => {
    const faults = (['socket', 'receive'] as const).map((call) => story.kernel.fault({ call, errno: ENOMEM }));
    return () => {
      for (const fault of faults) fault.off();
    };
  });

const schedule = (story: Story, invariants: Invariants): void => {
  const { kernel, random } = story;
  const calm = story.policies?.calm === true;
  const count = calm ? random.int(5) : 5 + random.int(30);
  for (let n = 0; n < count; n++) {
    const act = calm ? random.pick([killProgram, stepClock]) : pickAct(random);
    kernel.at(random.fraction() * (END_MS - 5000), () => act(story));
  }
  if (story.readiness?.isRefused === true) kernel.at(END_MS / 3, () => refuseTelling(story));
  for (let n = 0; n < 12; n++) {
    kernel.at(random.fraction() * END_MS, () => invariants.whileItRuns(story));
  }
  kernel.at(END_MS, () => bringDown(story));
};

const runOnce = (story: Story): Ending => {
  story.bornMs = story.kernel.nowMs;
  story.runs++;
  story.exiting = false;
  return story.kernel.run(() => runsv.run(['runsv', '/svc']), { argv: ['runsv', '/svc'] });
};

/** Plays one scenario; what it returns has no failures if all is well. */
export const playService = (seed: number, invariants: Invariants, trace = 0): Story => {
  const story = newStory(seed, trace);
  setUp(story);
  schedule(story, invariants);
  let ending = runOnce(story);
  // as runsvdir would: another runsv whenever one was killed, or could not take its service without resources
  while (!isOver(ending) && story.runs < 40 && ending.how !== 'livelock' && ending.how !== 'atRest') {
    story.kernel.advance(1 + story.random.int(1500));
    if (story.kernel.nowMs > END_MS) story.kernel.after(100, () => bringDown(story));
    ending = runOnce(story);
  }
  invariants.atTheEnd(story, ending, story.kernel.live());
  return story;
};
