// Whether this runsvdir may supervise the scan directory, and whether a runsv belongs to another runsvdir.
//
// Promises: the lock is an exclusive flock on a descriptor of the directory itself: it needs no file, and whoever
// can read the directory can query it (a shared lock without waiting is refused). On a file system without such locks,
// directories are supervised without.
// Must not: decide; that is ../../machine/scan/turn.ts. Read next: rescan.ts (who calls).
import type { Bytes } from '../../abi/bytes.ts';
import { type Fd, isErrno } from '../../host/calls.ts';
import { monotonicMs } from '../../host/clock.ts';
import { EAGAIN } from '../../abi/errno.ts';
import { LOCK_EX, LOCK_NB, O_RDONLY } from '../../abi/flags.ts';
import { sys } from '../../host/sys.ts';
import { mayStart, nextTurn, retryMs, type Tried, type Turn } from '../../machine/scan/turn.ts';
import { writersOf } from '../process/lock-holder.ts';
import { type Loop, unwatch, watch } from '../loop.ts';
import type { Diagnostics } from '../diagnostics.ts';
import { processOf, readSmall } from '../process/proc.ts';
import { identityOf } from '../trusted-file.ts';

export interface Claim {
  turn: Turn;
  /** The directory's descriptor that holds the lock, null: none. */
  lock: Fd | null;
  /** The identity of that directory. */
  identity: string | null;
  /** Polls readable when the holder that we wait for has ended. */
  holder: Fd | null;
  /** When to try again, monotonic. */
  retryMs: number | null;
}

/** What a claim of the directory `dir` needs. */
export interface Claimant {
  readonly diagnostics: Diagnostics;
  readonly dir: Bytes;
  readonly loop: Loop;
  readonly claim: Claim;
  /** Called when the holder that we wait for has ended. */
  readonly holderEnded: () => void;
}

export const newClaim = (): Claim => ({
  turn: { kind: 'ours' },
  lock: null,
  identity: null,
  holder: null,
  retryMs: null,
});

const RUNSVDIR = 'runsvdir';
const LAST_COMPONENT = /[^/]*$/;

/** Whether a process seems to be a runsvdir: `runsvdir ...`, `runitbox runsvdir ...`. */
export const isRunsvdir = (pid: number): boolean => {
  const command = readSmall(`/proc/${pid}/cmdline`);
  const words = isErrno(command) ? [''] : command.split('\0', 3);
  return words[0] === '' || words.some((word) => LAST_COMPONENT.exec(word)?.[0] === RUNSVDIR);
};

const viewOf = (pid: number | 'self'): Bytes => {
  const view = sys.readlink(`/proc/${pid}/ns/mnt`);
  return isErrno(view) ? '' : view;
};

/** Whether a process sees the same mounts as we do, so that its services are ours; true if unknown. */
const seesTheSame = (pid: number): boolean => {
  const view = viewOf(pid);
  return view === '' || view === viewOf('self');
};

/** The runsvdir that has the lock of the current directory; 0: none is visible. */
const holderOfLock = (): number => {
  const stat = sys.stat('.');
  if (isErrno(stat)) return 0;
  return writersOf(stat).find((pid) => isRunsvdir(pid) && seesTheSame(pid)) ?? 0;
};

/** Tries to lock the current directory, and keeps the lock. */
const tryLock = (claim: Claim, identity: string | null): Tried => {
  const fd = sys.open('.', O_RDONLY, 0);
  if (isErrno(fd)) return { kind: 'had' };
  const locked = sys.flock(fd, LOCK_EX | LOCK_NB);
  if (!isErrno(locked)) {
    claim.lock = fd;
    claim.identity = identity;
    return { kind: 'had' };
  }
  sys.close(fd);
  return locked === -EAGAIN ? { kind: 'busy', holder: holderOfLock() } : { kind: 'had' };
};

const letGo = (claim: Claim): void => {
  if (claim.lock !== null) sys.close(claim.lock);
  claim.lock = null;
  claim.identity = null;
};

/** Keeps the lock that the checkpoint left open, so that no other runsvdir got it meanwhile. */
export const keepLock = (claim: Claim, lock: number): void => {
  if (lock < 0) return;
  const fd = lock as Fd;
  const stat = sys.fstat(fd);
  if (isErrno(stat) || isErrno(sys.flock(fd, LOCK_EX | LOCK_NB))) {
    sys.close(fd);
    return;
  }
  claim.lock = fd;
  claim.identity = identityOf(stat);
};

/** Programs that we start do not inherit the lock. A re-execution before the next checkpoint must. */
export const closeLockOnExec = ({ lock }: Claim): void => {
  if (lock !== null && isErrno(sys.setCloexec(lock, 1))) sys.setCloexec(lock, 1);
};

/** Stops watching the holder. */
export const forgetHolder = ({ claim, loop }: Claimant): void => {
  if (claim.holder === null) return;
  unwatch(loop, claim.holder);
  sys.close(claim.holder);
  claim.holder = null;
};

/** Watches another holder than before. */
const watchHolder = (claimant: Claimant, holder: number): void => {
  forgetHolder(claimant);
  const pidfd = holder === 0 ? null : sys.pidfd(holder);
  if (pidfd === null || isErrno(pidfd)) return;
  claimant.claim.holder = pidfd;
  watch(claimant.loop, pidfd, claimant.holderEnded);
};

const report = (diagnostics: Diagnostics, dir: Bytes, turn: Turn): void => {
  if (turn.kind === 'waiting')
    diagnostics.warn(`${dir} is already supervised by process ${turn.holder}, waiting for its end`);
  if (turn.kind === 'beside') diagnostics.warn(`${dir} is already supervised elsewhere, leaving alone what runs there`);
};

const isSame = (one: Turn, other: Turn): boolean => JSON.stringify(one) === JSON.stringify(other);

/** Claims the current directory, which has this identity. Whether services may start there. */
export const claimHere = (claimant: Claimant, identity: string | null): boolean => {
  const { claim, diagnostics, dir } = claimant;
  if (claim.lock !== null && claim.identity === identity) return true;
  letGo(claim);
  const before = claim.turn;
  const turn = nextTurn(before, tryLock(claim, identity));
  const wait = retryMs(turn);
  claim.retryMs = wait === null ? null : monotonicMs() + wait;
  if (!isSame(turn, before)) {
    claim.turn = turn;
    watchHolder(claimant, turn.kind === 'waiting' ? turn.holder : 0);
    report(diagnostics, dir, turn);
  }
  return mayStart(turn);
};

const PROCESS_1 = 1;

/** The parent of a process; 0: unknown. */
const parentOf = (pid: number): number => processOf(pid)?.parent ?? 0;

/** Whether `pid` is this process or an ancestor: orphans go to those. */
const isAncestor = (pid: number): boolean => {
  for (let at: number = sys.getpid(); at > PROCESS_1; at = parentOf(at)) if (at === pid) return true;
  return pid === PROCESS_1;
};

/** The other runsvdir that started this runsv and still lives; null: it is an orphan, or ours. */
export const keeperOf = (runsv: number): number | null => {
  const parent = parentOf(runsv);
  return parent === 0 || isAncestor(parent) || !isRunsvdir(parent) ? null : parent;
};
