// Stopping a container: carries out what ../../machine/container/shutdown.ts decides, which read first.
//
// Promises: reports what it kills in one line, by name. Process 1 reaches everybody, including processes from outside;
// otherwise all descendants, because a subreaper gets their orphans.
// Must not: wait. Read next: ../process/processes.ts (who is there), ../scan/supervisor.ts (who calls).
import type { Bytes } from '../../abi/bytes.ts';
import { monotonicMs } from '../../host/clock.ts';
import { SIGCONT, SIGKILL, SIGSTOP, SIGTERM } from '../../abi/signals.ts';
import { sys } from '../../host/sys.ts';
import { handleShutdown, type ShutdownEffect, type ShutdownEvent } from '../../machine/container/shutdown.ts';
import { isResident } from '../../machine/scan/resident.ts';
import { runningPids } from '../../machine/scan/table.ts';
import { signalSeen } from '../process/held.ts';
import type { Process } from '../process/proc.ts';
import { descendants, hasRested, logOf, others, shownName } from '../process/processes.ts';
import type { Contained, Container } from './state.ts';

const EVERYBODY = -1;
const NAMED_MAX = 8;

const isProcess1 = (): boolean => sys.getpid() === 1;

/** Every process that has to end. */
const ours = (live: Contained): readonly Process[] => {
  const all = others();
  if (isProcess1()) return all;
  const foreign = [...live.foreignRunsvs.keys()];
  return [...descendants(all, [sys.getpid(), ...foreign]), ...all.filter(({ pid }) => foreign.includes(pid))];
};

const tellKilled = (live: Contained, why: string, killed: readonly Process[]): void => {
  if (killed.length === 0) return;
  const named = killed.slice(0, NAMED_MAX).map((process) => `${shownName(process)} (${process.pid})`);
  const more = killed.length - named.length;
  live.diagnostics.warn(`${why}, killed: ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`);
};

const signalAll = (live: Contained, signal: number): void => {
  if (isProcess1()) sys.kill(EVERYBODY, signal);
  else for (const process of ours(live)) signalSeen(process, signal);
};

const terminate = (process: Process): void => {
  signalSeen(process, SIGTERM);
  signalSeen(process, SIGCONT);
};

const processKey = ({ pid, start }: Process): string => `${pid}:${start}`;

/** To many programs a second TERM means haste: those that got one already are left alone. */
const terminateStrays = (live: Contained, { sentTerm }: Container): void => {
  if (sentTerm.size > 0) {
    for (const process of ours(live)) if (!sentTerm.has(processKey(process))) terminate(process);
    return;
  }
  signalAll(live, SIGTERM);
  signalAll(live, SIGCONT);
};

/** The directory of the service that a runsv, or a resident, supervises. */
export const directoryOf = ({ residents }: Contained, runsv: number): Bytes =>
  isResident(runsv) && residents !== null ? residents.directoryOf(runsv) : `/proc/${runsv}/cwd`;

const supervisorOf = (runsv: number): number => (isResident(runsv) ? sys.getpid() : runsv);

/** Everybody but runsvs, logs and their descendants. */
const leftoversOf = (live: Contained, all: readonly Process[]): readonly Process[] => {
  const runsvs = runningPids(live.tree);
  const logs = runsvs
    .map((runsv) => logOf(directoryOf(live, runsv), supervisorOf(runsv), all))
    .filter((pid) => pid > 0);
  const spared = new Set([...runsvs, ...logs, ...descendants(all, logs).map(({ pid }) => pid)]);
  return all.filter(({ pid }) => !spared.has(pid));
};

/** Those of `some` that are neither the main command nor its descendants: it has a deadline of its own. */
const withoutCommand = (
  { pid: command }: Container,
  all: readonly Process[],
  some: readonly Process[],
): readonly Process[] => {
  if (command === 0) return some;
  const family = new Set([command, ...descendants(all, [command]).map(({ pid }) => pid)]);
  return some.filter(({ pid }) => !family.has(pid));
};

/** What services left behind while some of them still run: our own children and their descendants. */
const orphansOf = (live: Contained, all: readonly Process[]): readonly Process[] => {
  const runsvs = new Set([...runningPids(live.tree), ...(live.residents?.processes() ?? [])]);
  const self = sys.getpid();
  const roots = all.filter(({ pid, parent }) => parent === self && !runsvs.has(pid));
  return [
    ...roots,
    ...descendants(
      all,
      roots.map(({ pid }) => pid),
    ),
  ];
};

const terminateLeftovers = (live: Contained, container: Container, rested: boolean): void => {
  const all = ours(live);
  for (const process of withoutCommand(container, all, rested ? leftoversOf(live, all) : orphansOf(live, all))) {
    terminate(process);
    container.sentTerm.add(processKey(process));
  }
};

/** A log reads until the last process that holds its pipe has ended. */
const killLeftovers = (live: Contained, container: Container): void => {
  const all = ours(live);
  const left = withoutCommand(container, all, leftoversOf(live, all));
  for (const process of left) signalSeen(process, SIGKILL);
  tellKilled(live, 'left behind, not ended 1 s after TERM', left);
};

const lookForRest = (live: Contained): void => {
  if (runningPids(live.tree).every((runsv) => hasRested(directoryOf(live, runsv))))
    deliverShutdown(live, { kind: 'rested' });
};

/** Runsvs stay to finish; logs and their descendants to read what is in their pipes. */
const killButLogs = (live: Contained, container: Container): void => {
  const left = leftoversOf(live, ours(live));
  for (const process of left) signalSeen(process, SIGKILL);
  tellKilled(live, `still running after ${container.shutdown.killAfterMs / 1000} s`, left);
};

/** Reported first: as process 1, there is nobody left to report afterwards. */
const killAll = (live: Contained, first: boolean): void => {
  const left = first ? ours(live) : [];
  // STOP first, so that none forks meanwhile
  if (!isProcess1()) signalAll(live, SIGSTOP);
  signalAll(live, SIGKILL);
  tellKilled(live, 'still there at the end', left);
};

/** Our child has its number until it is reaped, which sets this to 0. */
const terminateCommand = ({ pid }: Container): void => {
  if (pid === 0) return;
  sys.kill(pid, SIGTERM);
  sys.kill(pid, SIGCONT);
};

const performShutdownEffect = (live: Contained, container: Container, effect: ShutdownEffect): void => {
  if (effect.kind === 'termCommand') terminateCommand(container);
  else if (effect.kind === 'stopServices') live.stopServices();
  else if (effect.kind === 'termStrays') terminateStrays(live, container);
  else if (effect.kind === 'lookForRest') lookForRest(live);
  else if (effect.kind === 'termLeftovers') terminateLeftovers(live, container, effect.rested);
  else if (effect.kind === 'killLeftovers') killLeftovers(live, container);
  else if (effect.kind === 'killButLogs') killButLogs(live, container);
  else killAll(live, effect.first);
};

/** Passes one event to the machine and carries out its effects; the last phase ends the loop. */
export const deliverShutdown = (live: Contained, event: ShutdownEvent): void => {
  const { container } = live;
  if (container === null) return;
  const outcome = handleShutdown(container.shutdown, event, monotonicMs());
  container.shutdown = outcome.shutdown;
  for (const effect of outcome.effects) performShutdownEffect(live, container, effect);
  if (outcome.shutdown.phase === 'done') live.exit = outcome.shutdown.code;
};

/** Passes pending events to the machine. */
export const deliverPending = (live: Contained): void => {
  for (const event of live.container?.pendingEvents.splice(0) ?? []) deliverShutdown(live, event);
};

/** During a shutdown, checks who is left and does what is due. `anybody`: whether we have children. */
export const continueShutdown = (live: Contained, anybody: () => boolean): void => {
  const { container } = live;
  deliverPending(live);
  if (container === null || container.shutdown.phase === 'none') return;
  const any = anybody();
  deliverPending(live);
  deliverShutdown(live, { kind: 'seen', runsvs: runningPids(live.tree).length, anybody: any });
  deliverShutdown(live, { kind: 'due' });
};
