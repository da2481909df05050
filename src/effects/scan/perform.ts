// Starts runsvs, and carries out everything else that the machine wants of a scan directory.
//
// Promises: every effect is answered before the next event is taken; what cannot be started is reported.
// Must not: decide; that is ../../machine/scan/table.ts. Read next: rescan.ts.
import type { Bytes } from '../../abi/bytes.ts';
import { type Fd, isErrno } from '../../host/calls.ts';
import { monotonicMs } from '../../host/clock.ts';
import { SPAWN_AT_ONCE, SPAWN_FAILED, SPAWN_SETSID } from '../../abi/flags.ts';
import { SIGTERM } from '../../abi/signals.ts';
import { sys } from '../../host/sys.ts';
import { handleTree, type TreeEffect, type TreeEvent } from '../../machine/scan/table.ts';
import { isResident } from '../../machine/scan/resident.ts';
import { holderOf, type Locks, newLocks, onlyHolderOf } from '../process/lock-holder.ts';
import { awaitEnd, type Held, letGo, signalHeld, withStart } from '../process/held.ts';
import { findProgram } from '../process/find-program.ts';
import { readExitCode } from '../service/exitcode-file.ts';
import { addForeignRunsv, type Elsewhere, type LiveTree, rescanBy } from './state.ts';
import { keyAt } from './read-dir.ts';
import { isRunsvdir, keeperOf } from './claim.ts';
import { openRead } from '../trusted-file.ts';
import { unwatch, watch } from '../loop.ts';

/** A name that looks like an option becomes a path. */
const argumentOf = (name: Bytes): Bytes => (name.startsWith('-') ? `./${name}` : name);

const spawnRunsv = (live: LiveTree, name: Bytes, flags: number): number =>
  sys.spawn(
    live.program,
    ['runsv', argumentOf(name)],
    [],
    '',
    live.input === null ? [] : [0, live.input],
    flags | (live.setsid ? SPAWN_SETSID : 0),
    -1 as Fd,
    '',
  );

/** Starts runsv on a name in the current directory; looks for it in PATH again if it has moved. */
const startRunsv = (live: LiveTree, name: Bytes, flags: number): number => {
  const pid = spawnRunsv(live, name, flags);
  if (pid > -SPAWN_FAILED) return pid;
  live.program = findProgram('runsv');
  return spawnRunsv(live, name, 0);
};

const tellNotStarted = (live: LiveTree, name: Bytes, result: number): void => {
  if (result < -SPAWN_FAILED) live.diagnostics.fatal(`unable to start runsv ${name}`, result + SPAWN_FAILED);
  else live.diagnostics.warn(`unable to fork for runsv ${name}, trying again`, result);
};

interface Named {
  readonly name: string;
  readonly key: string;
}

type Starts = readonly Named[];

/**
 * Starts all these runsvs; the replies are one or two events. The first spawn waits for its exec, so that a runsv that cannot
 * be executed is reported at once; the others start side by side. A name that does not lead to its service now starts nothing:
 * a runsv there would count as that of another service. The next scan tells where the name leads.
 */
const start = (live: LiveTree, starts: Starts): readonly TreeEvent[] => {
  if (starts.length === 0) return [];
  live.handlers.starting(
    live,
    starts.map(({ key }) => key),
  );
  const runsvs: { key: string; pid: number }[] = [];
  const keys: string[] = [];
  for (const { name, key } of starts) {
    if (keyAt(name) !== key) {
      keys.push(key);
      rescanBy(live, Math.max(monotonicMs(), live.notBeforeMs));
      continue;
    }
    const resident = live.residents?.start(name, key) ?? 0;
    const pid = resident > 0 ? resident : startRunsv(live, name, runsvs.length === 0 ? 0 : SPAWN_AT_ONCE);
    if (pid > 0) runsvs.push({ key, pid });
    else {
      keys.push(key);
      tellNotStarted(live, name, pid);
    }
  }
  const events: TreeEvent[] = [];
  if (runsvs.length > 0) events.push({ kind: 'started', runsvs });
  if (keys.length > 0) events.push({ kind: 'notStarted', keys });
  return events;
};

/** Leaves alone a runsv that another runsvdir supervises, and watches for its end. */
const leaveAlone = (live: LiveTree, { name, key }: Named, runsv: Held, keeper: number): readonly TreeEvent[] => {
  const one: Elsewhere = { runsv, key };
  live.elsewhere.set(runsv.pid, one);
  awaitEnd(live.loop, runsv, () => live.handlers.elsewhereEnded(live, one));
  live.diagnostics.warn(`runsv ${name} already runs as process ${runsv.pid} of runsvdir ${keeper}, leaving it alone`);
  return [{ kind: 'elsewhere', key }];
};

/** Leaves alone a service that another runsvdir supervises in its own process, until its `ok` has no reader any more. */
const leaveResident = (live: LiveTree, { name, key }: Named, locks: Locks): readonly TreeEvent[] => {
  const service = `${live.dir}/${name}`;
  const runsvdir = onlyHolderOf(service, locks);
  if (runsvdir === 0 || runsvdir === sys.getpid() || !isRunsvdir(runsvdir) || live.tree.stopping) return [];
  const ok = openRead(`${service}/supervise/ok`);
  if (isErrno(ok)) return [];
  watch(
    live.loop,
    ok,
    () => {
      unwatch(live.loop, ok);
      sys.close(ok);
      deliverToTree(live, { kind: 'free', key });
    },
    0,
  );
  live.diagnostics.warn(`${name} is already supervised by runsvdir ${runsvdir}, leaving it alone`);
  return [{ kind: 'elsewhere', key }];
};

const lookForHolder = (live: LiveTree, { name, key }: Named, locks: Locks): readonly TreeEvent[] => {
  const holder = holderOf(`${live.dir}/${name}`, locks);
  if (holder === null) return leaveResident(live, { name, key }, locks);
  const { pid } = holder;
  const keeper = keeperOf(pid);
  if (live.foreignRunsvs.has(pid) || live.elsewhere.has(pid) || (keeper !== null && live.tree.stopping)) {
    letGo(holder);
    return [];
  }
  if (keeper !== null) return leaveAlone(live, { name, key }, holder, keeper);
  addForeignRunsv(live, live.container === null ? holder : withStart(holder));
  live.diagnostics.warn(`runsv ${name} already runs as process ${pid}, taking it over`);
  return [{ kind: 'alreadySupervised', name, key, pid }];
};

/** If we supervise only the directory, no service is essential to us. */
const essentialFinished = (live: LiveTree, name: string, key: string): readonly TreeEvent[] => {
  const { container } = live;
  if (container === null) return [];
  const code = readExitCode(`${live.dir}/${name}`);
  live.diagnostics.warn(`essential service ${name} has ended with exit code ${code}, shutting down`);
  container.pendingEvents.push({ kind: 'essentialFinished', code });
  return [{ kind: 'finished', key }];
};

/** A runsv that is our child has its number until we reap it; any other is signalled by pidfd. */
export const termRunsv = (live: LiveTree, pid: number): void => {
  const held = live.foreignRunsvs.get(pid);
  if (isResident(pid)) live.residents?.term(pid);
  else if (held === undefined) sys.kill(pid, SIGTERM);
  else signalHeld(held, SIGTERM);
};

const LINGERING = 'has not ended 10 s after TERM, sending TERM again';

const performTreeEffect = (live: LiveTree, effect: TreeEffect, locks: Locks): readonly TreeEvent[] => {
  switch (effect.kind) {
    case 'start':
      return [];
    case 'term':
      termRunsv(live, effect.pid);
      return [];
    case 'warnLingering':
      live.diagnostics.warn(
        isResident(effect.pid)
          ? `runsv ${effect.name} ${LINGERING}`
          : `runsv ${effect.name}, process ${effect.pid}, ${LINGERING}`,
      );
      return [];
    case 'warnCrash':
      live.diagnostics.warn(`runsv ${effect.name} was killed by signal ${effect.signal}, starting it again`);
      return [];
    case 'lookForHolder':
      return lookForHolder(live, effect, locks);
    case 'essentialFinished':
      return essentialFinished(live, effect.name, effect.key);
  }
};

const isStart = (effect: TreeEffect): effect is Extract<TreeEffect, { kind: 'start' }> => effect.kind === 'start';

/** Passes one event to the machine, and every reply. `scanned` and `due` only inside the scan directory. */
export const deliverToTree = (live: LiveTree, event: TreeEvent): void => {
  const queue: TreeEvent[] = [event];
  for (const next of queue) {
    const outcome = handleTree(live.tree, next, monotonicMs());
    live.tree = outcome.tree;
    const locks = newLocks();
    for (const effect of outcome.effects) queue.push(...performTreeEffect(live, effect, locks));
    queue.push(...start(live, outcome.effects.filter(isStart)));
  }
};
