// What every init must bring about: services that are started, supervised, taken over and brought to an orderly end.
//
// Read next: cases/, which say under whom.
import { startedMs } from '../lib/proc.ts';
import { type Found, until } from '../lib/wait.ts';
import { fileOf, type Guest, type Process } from './guest.ts';
import { same } from './case.ts';
import { APP_LOG, linesOf } from './service.ts';

/** Far above what anything takes: bounds failures alone. */
const DEADLINE_MS = 120_000;

const told = async <T>(guest: Guest, what: string, look: () => T): Promise<Found<T>> => {
  try {
    return await until(what, look, DEADLINE_MS);
  } catch (cause) {
    throw new Error(`${String(cause)}\nlog of app:\n${guest.read(APP_LOG)}\n${guest.describe()}`);
  }
};

const one = (all: readonly Process[], what: string): Process | undefined => {
  // a child that has not executed anything yet looks like its parent
  const found = all.filter(({ parent }) => all.every(({ pid }) => pid !== parent));
  if (found.length > 1) throw new Error(`${found.length} processes are ${what}: ${found.map((p) => p.pid).join(', ')}`);
  return found[0];
};

export const find = (guest: Guest, name: string): readonly Process[] =>
  guest.processes().filter((process) => process.name === name);
const runsvdirOf = (guest: Guest): Process | undefined =>
  one(
    find(guest, 'runsvdir').filter((process) => / (\/etc\/service)( |$)/.test(process.args)),
    'the runsvdir',
  );
/**
 * The oldest: a new runsvdir starts a second runsv, which ends because the first has the lock. It may have a lower number:
 * numbers start over at /proc/sys/kernel/pid_max.
 */
const runsvOf = (guest: Guest): Process | undefined =>
  find(guest, 'runsv')
    .filter((process) => process.args === 'runsv app')
    .toSorted((one, other) => startedMs(one.pid) - startedMs(other.pid))[0];
/** Two would be the failure that all this is about. */
const appOf = (guest: Guest): Process | undefined =>
  one(
    guest.processes().filter((process) => process.args === '/bin/sh ./run' && process.dir.endsWith('/app')),
    'the service app',
  );
const loggerOf = (guest: Guest): Process | undefined =>
  one(
    find(guest, 'svlogd').filter((process) => process.args.endsWith('/app')),
    'the log of app',
  );

const lastLine = (guest: Guest): string => linesOf(guest.read(APP_LOG)).at(-1) ?? '';

export interface Supervised {
  readonly runsvdir: Process;
  readonly runsv: Process;
  readonly app: Process;
  readonly logger: Process;
}

/** Waits until app runs, its log with it. */
export const supervised = (guest: Guest): Promise<Supervised> =>
  told(guest, 'a supervised service', () => {
    const [runsvdir, runsv, app, logger] = [runsvdirOf(guest), runsvOf(guest), appOf(guest), loggerOf(guest)];
    if (runsvdir === undefined || runsv === undefined || app === undefined || logger === undefined) return undefined;
    return lastLine(guest) === 'started' && { runsvdir, runsv, app, logger };
  });

/** A service that is killed is started again. */
export async function restartsService(guest: Guest): Promise<void> {
  const { app } = await supervised(guest);
  process.kill(app.pid, 'SIGKILL');
  await told(guest, 'another process of app', () => {
    const next = appOf(guest);
    return next !== undefined && next.pid !== app.pid && lastLine(guest) === 'started';
  });
}

/** A runsv that is killed is replaced, by one that takes over the service. */
export async function replacesRunsv(guest: Guest): Promise<void> {
  const before = await supervised(guest);
  process.kill(before.runsv.pid, 'SIGKILL');
  await told(guest, 'another runsv, with the same service and log', () => {
    const runsv = runsvOf(guest);
    return runsv !== undefined && runsv.pid !== before.runsv.pid;
  });
  // one that has taken over answers, one that has started a second copy has two
  await guest.run('sv -w 30 check /etc/service/app');
  const after = await supervised(guest);
  same('the service and its log', [after.app.pid, after.logger.pid], [before.app.pid, before.logger.pid]);
}

/**
 * After kill -9 of runsvdir there is another one; the services have not noticed, and are its own: it replaces a runsv of
 * its predecessor's that is killed.
 */
export async function survivesKill(guest: Guest): Promise<void> {
  const before = await supervised(guest);
  process.kill(before.runsvdir.pid, 'SIGKILL');
  await told(guest, 'another runsvdir', () => {
    const next = runsvdirOf(guest);
    return next !== undefined && next.pid !== before.runsvdir.pid;
  });
  const after = await supervised(guest);
  const pids = ({ runsv, app, logger }: Supervised): readonly number[] => [runsv.pid, app.pid, logger.pid];
  try {
    same('runsv, service and log', pids(after), pids(before));
  } catch (cause) {
    throw new Error(`${String(cause)}\nlog of app:\n${guest.read(APP_LOG)}\n${guest.describe()}`);
  }
  await replacesRunsv(guest);
}

/** All of the above. */
export async function lives(guest: Guest): Promise<Life> {
  await restartsService(guest);
  await survivesKill(guest);
  return { kills: 1, takenOver: true };
}

/** One in which nobody was killed. */
export const QUIET: Life = { kills: 0, takenOver: false };

/** One life of the system in the log of app: each of its processes was killed, but the last. */
export interface Life {
  readonly kills: number;
  /** Whether the last process was taken over: by whom its exit code cannot be learnt. */
  readonly takenOver: boolean;
}

/** What app must have logged in lives that all ended in order. */
export function endedInOrder(root: string, ...lives: readonly Life[]): void {
  const told = ({ kills, takenOver }: Life) => [
    ...Array.from({ length: kills }, () => ['started', 'finish -1 9']).flat(),
    ...['started', 'got TERM', 'ended', takenOver ? 'finish -1 0' : 'finish 0 0'],
  ];
  same('the log of app', linesOf(fileOf(root, APP_LOG)), lives.flatMap(told));
}
