// The other supervisors that people may choose, in the same run: BusyBox's runit applets, s6, supervisord.
//
// Each row is one of them beside C runit, so its ratio compares with ours in the rows of the same name. `make bench` fetches
// them (others.sh); what is not there is left out, with a line that says so. None of them is tuned.
// Promises: every process of theirs is ended as ours are. Read next: ../keeper.ts, start.ts and memory.ts (our own figures).
import { existsSync, readFileSync, readlinkSync, symlinkSync, mkdirSync, copyFileSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { sleep } from '../../lib/wait.ts';
import { childrenOf, type Keeper } from '../keeper.ts';
import type { Context, Figure, Row } from '../model.ts';
import { measureRuns } from '../runs.ts';
import { measured } from '../statistics.ts';
import { GROWN_MS } from '../waiting.ts';
import { makeWorld, type World } from '../world.ts';

const FETCHED = resolve(import.meta.dirname, '../../../.cache/peers');
const SIGHUP = 1;
const SIGTERM = 15;
const FEW = 1;
const MANY = 100;
/** It finds its own programs where they were built for. */
const S6 = '/usr/bin';

/** One supervisor: how it is started on a world, and ended with all that it supervises. */
interface Peer {
  readonly name: string;
  readonly program: string;
  readonly args: (world: World) => readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly signal: number;
  /** Its `sv status` of a service directory; null: it has none that compares. */
  readonly status: ((service: string) => readonly string[]) | null;
  /** Its `chpst -u daemon PROGRAM`. */
  readonly changeUser: readonly string[] | null;
}

const runit = (name: string, bin: string): Peer => ({
  name,
  program: join(bin, 'runsvdir'),
  args: ({ scan }) => [scan],
  env: { PATH: `${bin}:/usr/bin:/bin` },
  signal: SIGHUP,
  status: (service) => [join(bin, 'sv'), 'status', service],
  changeUser: [join(bin, 'chpst'), '-u', 'daemon'],
});

const busybox = ({ dir }: Context): Peer => {
  const bin = join(dir, 'bin-busybox');
  mkdirSync(bin);
  copyFileSync(join(FETCHED, 'busybox'), join(bin, 'busybox'));
  for (const applet of ['runsv', 'runsvdir', 'sv', 'chpst']) symlinkSync('busybox', join(bin, applet));
  return runit('BusyBox', bin);
};

const s6 = (): Peer => ({
  name: 's6',
  program: join(S6, 's6-svscan'),
  args: ({ scan }) => ['-c', '2000', scan],
  env: {},
  signal: SIGTERM,
  status: (service) => [join(S6, 's6-svstat'), service],
  changeUser: [join(S6, 's6-setuidgid'), 'daemon'],
});

const section = ({ services }: World, name: string): string =>
  `[program:${name}]\ncommand=${join(services, name, 'run')}\nstdout_logfile=NONE\nredirect_stderr=true\n`;

const supervisord = (): Peer => {
  const root = join(FETCHED, 'supervisord');
  return {
    name: 'supervisord',
    program: join(root, 'usr/bin/supervisord'),
    args: (world) => {
      const [file, pid] = [join(world.dir, 'supervisord.conf'), join(world.dir, 'supervisord.pid')];
      const head = `[supervisord]\nnodaemon=true\nlogfile=/dev/null\nlogfile_maxbytes=0\npidfile=${pid}\nminfds=8192\n`;
      writeFileSync(file, head + world.names.map((name) => section(world, name)).join(''));
      return ['-c', file];
    },
    env: { PYTHONPATH: join(root, 'usr/lib/python3/dist-packages'), PYTHONDONTWRITEBYTECODE: '1' },
    signal: SIGTERM,
    status: null,
    changeUser: null,
  };
};

const started = (context: Context, { program, args, env }: Peer, world: World): Promise<Keeper> =>
  context.keep.start({ suite: context.c, program, args: args(world), env });

interface Life {
  readonly startMs: number;
  readonly stopMs: number;
  readonly cpuMs: number;
}

const live = async (context: Context, peer: Peer, world: World): Promise<Life> => {
  const keeper = await started(context, peer, world);
  const startNs = await keeper.ask(`bytes ${world.names.length}`);
  await sleep(GROWN_MS);
  await keeper.ask(`kill ${peer.signal}`);
  const stopNs = await keeper.ask('gone');
  const cpuUs = await keeper.ask('cpu');
  await keeper.close();
  return { startMs: startNs / 1e6, stopMs: stopNs / 1e6, cpuMs: cpuUs / 1000 };
};

const isService = (pid: number): boolean => basename(readlinkSync(`/proc/${pid}/exe`)) === 'run';

const dirtyOf = (pid: number): number =>
  Number(/^Private_Dirty: *(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1'))?.[1]);

/** kB that the supervisors of so many services have for themselves. */
const dirtyWith = async (context: Context, peer: Peer, dir: string, count: number): Promise<number> => {
  const keeper = await started(context, peer, makeWorld(context.tools, dir, count));
  await keeper.ask(`bytes ${count}`);
  await sleep(GROWN_MS);
  const supervisors = [keeper.pid, ...childrenOf(keeper.pid).filter((pid) => !isService(pid))];
  const sum = supervisors.reduce((total, pid) => total + dirtyOf(pid), 0);
  await keeper.close();
  return sum;
};

interface Figures {
  readonly peer: Peer;
  readonly lives: readonly Life[];
  readonly dirtyKb: number;
  readonly statusUs: readonly number[] | null;
  readonly changeUserUs: readonly number[] | null;
}

type Command = readonly string[] | null;

/** Microseconds of each command, in turn. */
const wallsOf = async (context: Context, commands: readonly Command[]): Promise<readonly (number[] | null)[]> => {
  const env = { PATH: '/usr/bin:/bin' };
  const asked = commands.filter((command) => command !== null);
  const runs = await measureRuns(context.tools, { commands: asked, rounds: context.quick ? 100 : 400, env });
  const failed = asked.filter((_, at) => runs[at]?.some((run) => run.status !== 0));
  if (failed.length > 0) throw new Error(`failed: ${failed.map((command) => command.join(' ')).join('; ')}`);
  return commands.map((command) => command && (runs[asked.indexOf(command)] ?? []).map(({ wallUs }) => wallUs));
};

/** Each on a service of its own supervisor. */
const statusWalls = async (context: Context, peers: readonly Peer[]): Promise<readonly (number[] | null)[]> => {
  const commands: Command[] = [];
  for (const peer of peers) {
    const world = makeWorld(context.tools, join(context.dir, `${peer.name}-status`), 1);
    const keeper = await started(context, peer, world);
    await keeper.ask('bytes 1');
    commands.push(peer.status?.(join(world.scan, world.names[0] ?? '')) ?? null);
  }
  const walls = await wallsOf(context, commands);
  await context.keep.closeAll();
  return walls;
};

const figuresOf = async (
  context: Context,
  peers: readonly Peer[],
  lives: readonly (readonly Life[])[],
): Promise<readonly Figures[]> => {
  const dirtyKb: number[] = [];
  for (const peer of peers) {
    const few = await dirtyWith(context, peer, join(context.dir, `${peer.name}-few`), FEW);
    const many = await dirtyWith(context, peer, join(context.dir, `${peer.name}-many`), MANY);
    dirtyKb.push((many - few) / (MANY - FEW));
  }
  const status = await statusWalls(context, peers);
  const change = await wallsOf(
    context,
    peers.map(({ changeUser }) => changeUser && [...changeUser, context.tools.floor]),
  );
  return peers.map((peer, at) => ({
    peer,
    lives: lives[at] ?? [],
    dirtyKb: dirtyKb[at] ?? Number.NaN,
    statusUs: status[at] ?? null,
    changeUserUs: change[at] ?? null,
  }));
};

const rowsOf = (count: number, c: Figures, other: Figures): readonly Row[] => {
  const row = (what: string, unit: Row['unit'], of: (figures: Figures) => readonly number[] | null): Row[] => {
    const [reference, own] = [of(c), of(other)];
    if (reference === null || own === null) return [];
    return [{ name: `${other.peer.name}: ${what}`, unit, c: measured(reference), ours: measured(own), limit: null }];
  };
  return [
    ...row(`start of ${count}`, 'ms', ({ lives }) => lives.map(({ startMs }) => startMs)),
    ...row(`stop of ${count}`, 'ms', ({ lives }) => lives.map(({ stopMs }) => stopMs)),
    ...row('processor time of both', 'ms', ({ lives }) => lives.map(({ cpuMs }) => cpuMs)),
    ...row('private dirty of one more', 'kB', ({ dirtyKb }) => [dirtyKb]),
    ...row('status of one service', 'us', (figures) => figures.statusUs),
    ...row('change of user', 'us', (figures) => figures.changeUserUs),
  ];
};

const MAKERS: readonly { readonly file: string; readonly make: (context: Context) => Peer }[] = [
  { file: join(FETCHED, 'busybox'), make: busybox },
  { file: join(S6, 's6-svscan'), make: s6 },
  { file: join(FETCHED, 'supervisord'), make: supervisord },
];

/** In turn, in an order that changes every round. */
const livesOf = async (context: Context, peers: readonly Peer[], count: number): Promise<readonly Life[][]> => {
  const lives: Life[][] = peers.map(() => []);
  for (let round = 0; round < (context.quick ? 3 : 5); round++) {
    for (let at = 0; at < peers.length; at++) {
      const which = (at + round) % peers.length;
      const peer = peers[which] as Peer;
      const world = makeWorld(context.tools, join(context.dir, `${peer.name}-${round}`), count);
      (lives[which] as Life[]).push(await live(context, peer, world));
    }
  }
  return lives;
};

export const peers: Figure = {
  name: 'peers',
  title: 'other supervisors beside C runit: the second column is theirs, and ours in the rows of `ours`',
  optional: true,
  forInformation: true,
  skipReason: () =>
    MAKERS.some(({ file }) => existsSync(file))
      ? null
      : 'none of them is there: test/bench/others.sh and build/tools.sh peers',
  measure: async (context) => {
    const there = MAKERS.filter(({ file }) => existsSync(file));
    for (const { file } of MAKERS.filter((each) => !there.includes(each)))
      context.note(`left out, as it is not there: ${file}`);
    const all = [runit('C', context.c.bin), runit('ours', context.ours.bin), ...there.map(({ make }) => make(context))];
    const count = context.quick ? 300 : 1000;
    const lives = await livesOf(context, all, count);
    const [c, ...others] = (await figuresOf(context, all, lives)) as [Figures, ...Figures[]];
    return others.flatMap((other) => rowsOf(count, c, other));
  },
};
