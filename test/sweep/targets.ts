// The programs that are swept, each with a little life of its own, in which one call will fail.
//
// Promises: a program may end because of a refusal if it says why, and is then started once more, as its own supervisor
// would; killed, the same without a word. A life must come to its end whatever fails.
// Read next: subject.ts (what must be true at the end), svlogd.ts.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { childrenOf } from '../fault/container.ts';
import { proc } from '../lib/proc.ts';
import { program } from '../fault/service.ts';
import { kill, type Running, type World } from '../fault/world.ts';
import { comes, hears, SIGHUP, Subject, supervisors } from './subject.ts';
import { SVLOGD } from './svlogd.ts';

export interface Stage {
  readonly world: World;
  /** Where `runsv`, `runsvdir` and `sv` are, and under real/ once more. */
  readonly bin: string;
  /** Words in front of a program: they let one of its calls fail. `-n` behind the first: as process 1. */
  readonly inject: readonly string[];
  /** KILL is what is sent. */
  readonly killed: boolean;
}

export interface Target {
  readonly name: string;
  readonly play: (stage: Stage) => Promise<void>;
}

const quoted = (words: readonly string[]): string => words.map((word) => `'${word}'`).join(' ');

const wordsAsFirst = ([inject = '', ...rest]: readonly string[]): readonly string[] => [inject, '-n', ...rest];

/** A program that is started again when it ends before its time. */
export class Kept {
  current: Running;
  /** Whether the first one has ended before its time. */
  failed = false;
  readonly #stage: Stage;
  readonly #start: (wrap: readonly string[]) => Running;
  /** What ends when it is killed. */
  readonly #within: Subject[] = [];

  constructor(stage: Stage, wrap: readonly string[], start: (wrap: readonly string[]) => Running) {
    this.#stage = stage;
    this.#start = start;
    this.current = start(wrap);
  }

  /** Looked at while something is awaited. */
  look(): void {
    const end = this.current.end();
    if (end === null || end === 'exit 0') return;
    assert.equal(this.failed, false, `it has ended a second time, ${end}: ${this.current.lines().join(' | ')}`);
    this.failed = true;
    if (this.#stage.killed) {
      assert.equal(end, 'signal SIGKILL');
      for (const subject of this.#within) subject.wasKilled();
    } else {
      assert.match(end, /^exit (100|111)$/, `it has ended: ${this.current.lines().join(' | ')}`);
      assert.match(this.current.lines().join('\n'), /fatal: /, 'it has ended without a word');
    }
    this.current = this.#start([]);
  }

  async comes(what: string, look: () => boolean): Promise<void> {
    await comes(what, () => {
      this.look();
      return look();
    });
  }

  /** A service is in the PID namespace whose process 1 this is. */
  contains(subject: Subject): void {
    this.#within.push(subject);
  }

  /** A service has ended; or was killed just now with all that is in the namespace, of which is not known yet. */
  async isOver(subject: Subject): Promise<void> {
    try {
      await subject.isOver();
    } catch (cause) {
      if (!this.#stage.killed || this.failed) throw cause;
      await this.comes(`its end, or ${String(cause)}`, () => this.failed);
      await subject.isOver();
    }
  }

  /** The process itself, when a namespace or a follower is around it. */
  get pid(): number {
    return this.current.pid;
  }
}

// ---- runsv, below a runsvdir ----------------------------------------------------------------------------------

/** Only bounds failures. */
export const ENDS_MS = 60_000;
/** The first runsv is the one that is swept, and those that follow it are not. */
const wrapRunsv = ({ bin, world, inject }: Stage): void => {
  const text = `#!/bin/sh
mkdir '${world.dir}/first' 2>/dev/null && exec ${quoted(inject)} '${bin}/real/runsv' "$@"
exec '${bin}/real/runsv' "$@"
`;
  rmSync(`${bin}/runsv`, { force: true });
  program(`${bin}/runsv`, text);
};

/** A runsv that is killed after its runsvdir has gone leaves what there is to the next one. */
const endsWhatIsLeft = async ({ world }: Stage, subject: Subject): Promise<void> => {
  await comes('the end of runsv', () => supervisors(world).length === 0);
  if (subject.instances().length + subject.instances('/log').length === 0) return;
  const another = world.runsvdir();
  // one that does not listen yet would end by TERM, and leave the service
  await comes('the service again', () => subject.service.isSupervised() && subject.isUp());
  another.signal('SIGHUP');
  assert.equal(await another.ended(ENDS_MS), 'exit 111');
};

const runsv: Target = {
  name: 'runsv',
  play: async (stage) => {
    wrapRunsv(stage);
    const { world, bin } = stage;
    const subject = new Subject(world, bin, 'web');
    symlinkSync(subject.service.dir, `${world.scan}/web`);
    const runsvdir = world.runsvdir();
    await comes('the service', () => subject.isUp());
    // one that is killed loses the command that it had not come to
    for (const verb of ['restart', 'down', 'up', 'pause', 'cont']) await subject.sv(verb);
    await subject.settles(stage.killed);
    runsvdir.signal('SIGHUP');
    assert.equal(await runsvdir.ended(ENDS_MS), 'exit 111');
    if (stage.killed) await endsWhatIsLeft(stage, subject);
    await subject.isOver();
    await comes('the end of runsv', () => supervisors(world).length === 0);
  },
};

/** It is told to go itself: what it does at its end. */
const runsvEnds: Target = {
  name: 'runsv that ends',
  play: async (stage) => {
    const { world, bin } = stage;
    const subject = new Subject(world, bin, 'web');
    const start = (wrap: readonly string[]): Running => world.runsv(subject.service, { wrap });
    const kept = new Kept(stage, stage.inject, start);
    await kept.comes('the service', () => subject.isUp());
    kept.current.signal('SIGTERM');
    const end = await kept.current.ended(ENDS_MS);
    if (end !== 'exit 0') {
      kept.look();
      await kept.comes('another runsv', () => subject.service.isSupervised());
      await subject.sv('exit');
      assert.equal(await kept.current.ended(ENDS_MS), 'exit 0');
    }
    await subject.isOver();
  },
};

/** What an earlier one has left is found: its service, its log, the pipe between them. */
const runsvTakesOver: Target = {
  name: 'runsv that takes over',
  play: async (stage) => {
    const { world, bin } = stage;
    const subject = new Subject(world, bin, 'web');
    const start = (wrap: readonly string[]): Running => world.runsv(subject.service, { wrap });
    const earlier = start([]);
    await comes('the service', () => subject.isUp());
    const before = [...subject.instances(), ...subject.instances('/log')];
    earlier.signal('SIGKILL');
    await earlier.ended(ENDS_MS);
    const kept = new Kept(stage, stage.inject, start);
    await kept.comes('a runsv', () => subject.service.isSupervised() && subject.isUp());
    assert.deepEqual([...subject.instances(), ...subject.instances('/log')], before, 'the same service and log');
    await subject.settles(stage.killed, () => kept.look());
    if (kept.current.end() !== null) await subject.settles(stage.killed, () => kept.look());
    for (let tries = 0; tries < 3 && kept.current.end() !== 'exit 0'; tries++) {
      await subject.sv('exit');
      await kept.comes(
        'its end, or another runsv',
        () => kept.current.end() === 'exit 0' || subject.service.isSupervised(),
      );
    }
    await subject.isOver();
  },
};

// ---- runsvdir -------------------------------------------------------------------------------------------------

export const another = (stage: Stage): Subject => new Subject(stage.world, stage.bin, 'another');

export const SIGALRM = 14;
const SIGTERM = 15;

/** One that has only just been started would end by it. */
export const signalFirst = async (kept: Kept, name: 'SIGALRM' | 'SIGTERM', number: number): Promise<void> => {
  await kept.comes(`a runsvdir that catches ${name}`, () => hears(firstOf(kept), number));
  kill(firstOf(kept), name);
};

/** A service that comes, a runsv that is killed, a service that goes. */
const tree = async (stage: Stage, kept: Kept, links: string, one: Subject, isFirst = false): Promise<void> => {
  const { world } = stage;
  await kept.comes('the service', () => one.isUp());
  const two = another(stage);
  if (isFirst) kept.contains(two);
  symlinkSync(two.service.dir, `${links}/another`);
  await kept.comes('another service', () => two.isUp());
  const [runsvPid = 0] = supervisors(world).filter((pid) => proc(pid, 'cmdline').endsWith('runsv\0web\0'));
  kill(runsvPid, 'SIGKILL');
  await kept.comes('another runsv', () => proc(runsvPid, 'stat') === '' && one.service.isSupervised());
  unlinkSync(`${links}/another`);
  // one that is killed forgets whom it was about to tell; the next one has never heard of a service that is not there
  const forgotten = (): boolean => stage.killed && kept.failed;
  await kept.comes('the end of a service that was removed', () => !two.service.isSupervised() || forgotten());
  if (two.service.isSupervised()) await two.sv('exit');
  await kept.isOver(two);
  await signalFirst(kept, 'SIGALRM', SIGALRM);
  const settle = (): Promise<void> => one.settles(stage.killed, () => kept.look());
  await settle();
  if (kept.current.end() !== null) await settle();
};

/** No other runsv is to be found where a look at ours is refused. */
export const pathOf = ({ bin }: Stage): readonly string[] => ['/usr/bin/env', `PATH=${bin}`];

const firstOf = (kept: Kept): number => {
  const { pid } = kept;
  return proc(pid, 'cmdline').includes('inject') || proc(pid, 'cmdline').includes('unshare')
    ? (childrenOf(pid)[0] ?? 0)
    : pid;
};

export const linksOf = ({ world }: Stage, one: Subject): string => {
  const links = `${world.dir}/links`;
  mkdirSync(links);
  symlinkSync(one.service.dir, `${links}/web`);
  return links;
};

const classic: Target = {
  name: 'runsvdir',
  play: async (stage) => {
    const { world, bin } = stage;
    const one = new Subject(world, bin, 'web');
    const links = linksOf(stage, one);
    const kept = new Kept(stage, stage.inject, (wrap) =>
      world.start('runsvdir', [links], { wrap: [...pathOf(stage), ...wrap] }),
    );
    await tree(stage, kept, links, one);
    kept.current.signal('SIGHUP');
    const end = await kept.current.ended(ENDS_MS);
    if (end !== 'exit 111') {
      kept.look();
      await kept.comes('another runsvdir', () => hears(kept.pid, SIGHUP));
      kept.current.signal('SIGHUP');
      assert.equal(await kept.current.ended(ENDS_MS), 'exit 111');
    }
    await one.isOver();
    await comes('the end of every runsv', () => supervisors(world).length === 0);
  },
};

// ---- containers -----------------------------------------------------------------------------------------------

const MESSAGE_MS = 4000;

/** The engine fails: it goes on by itself. */
const crash = async (kept: Kept): Promise<void> => {
  const running = kept.current;
  const pid = firstOf(kept);
  const begun = performance.now();
  kill(pid, 'SIGSEGV');
  // the message may be what is refused
  const said = (): boolean => running.lines().some((line) => /re-executed after/.test(line));
  const must = (): boolean => performance.now() - begun > MESSAGE_MS && hears(pid, SIGTERM);
  await kept.comes('its going on', () => kept.failed || said() || must());
};

const NAMESPACE = ['/usr/bin/unshare', '--pid', '--fork', '--kill-child=SIGKILL', '--mount-proc'];

const container = (name: string, isFirst: boolean): Target => ({
  name,
  play: async (stage) => {
    const { world, bin, inject } = stage;
    const one = new Subject(world, bin, 'web');
    const links = linksOf(stage, one);
    const told = `${world.dir}/main`;
    writeFileSync(told, '');
    const main = ['/bin/sh', '-c', `echo $$ >>${told}; exec /bin/sleep 1000`];
    const words = ['-k', '5', ...(isFirst ? [] : ['--subreaper']), links, '--', ...main];
    const again = isFirst ? NAMESPACE : [];
    const start = (wrap: readonly string[]): Running =>
      world.start('runsvdir', words, {
        wrap: [...pathOf(stage), ...(wrap.length === 0 ? again : wrap)],
        foreign: true,
      });
    const kept = new Kept(stage, isFirst ? wordsAsFirst(inject) : inject, start);
    if (isFirst) kept.contains(one);
    await kept.comes('the main command', () => readFileSync(told, 'latin1') !== '');
    if (!kept.failed) await crash(kept);
    await tree(stage, kept, links, one, isFirst);
    if (!kept.failed) assert.equal(readFileSync(told, 'latin1').split('\n').length, 2, 'one main command');
    await signalFirst(kept, 'SIGTERM', SIGTERM);
    const end = await kept.current.ended(ENDS_MS);
    if (stage.killed && end === 'signal SIGKILL') return;
    // the main command was ended by TERM
    assert.match(end, /^exit (143|0)$/, kept.current.lines().join(' | '));
    await one.isOver();
  },
});

export const TARGETS: readonly Target[] = [
  runsv,
  runsvEnds,
  runsvTakesOver,
  classic,
  container('runsvdir as process 1', true),
  container('runsvdir as subreaper', false),
  SVLOGD,
];
