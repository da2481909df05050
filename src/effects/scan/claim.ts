// Whether this runsvdir may supervise the scan directory, and whether a runsv belongs to another runsvdir.
//
// Promises: the lock is an exclusive flock on a descriptor of the directory itself, so that no file is needed and whoever
// can read the directory can ask (a shared one, without waiting, is refused). Where a file system has no such locks,
// directories are supervised without.
// Must not: decide; that is ../../machine/scan/turn.ts. Read next: rescan.ts (who asks).
import type { Bytes } from '../../abi/bytes.ts';
import { type Fd, refused } from '../../host/calls.ts';
import { monotonicMs } from '../../host/clock.ts';
import { EAGAIN } from '../../abi/errno.ts';
import { LOCK_EX, LOCK_NB, O_RDONLY } from '../../abi/flags.ts';
import { sys } from '../../host/sys.ts';
import { mayStart, nextTurn, retryMs, type Tried, type Turn } from '../../machine/scan/turn.ts';
import { writersOf } from './lock-holder.ts';
import type { Voice } from '../messages.ts';
import { processOf, readSmall } from '../process/proc.ts';
import { identityOf } from '../trusted-file.ts';

export interface Claim {
  turn: Turn;
  /** The directory's descriptor that holds the lock, null for none. */
  lock: Fd | null;
  /** Which directory that is. */
  identity: string | null;
  /** Polls readable when the holder whom we wait for has ended. */
  holder: Fd | null;
  /** When to try again, monotonic. */
  retryMs: number | null;
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

/** Whether a process is a runsvdir, as far as can be seen: `runsvdir ...`, `runitbox runsvdir ...`. */
const isRunsvdir = (pid: number): boolean => {
  const command = readSmall(`/proc/${pid}/cmdline`);
  const words = refused(command) ? [''] : command.split('\0', 3);
  return words[0] === '' || words.some((word) => LAST_COMPONENT.exec(word)?.[0] === RUNSVDIR);
};

const viewOf = (pid: number | 'self'): Bytes => {
  const view = sys.readlink(`/proc/${pid}/ns/mnt`);
  return refused(view) ? '' : view;
};

/** Whether a process sees the same mounts as we do, so that its services are ours; yes where that cannot be told. */
const seesTheSame = (pid: number): boolean => {
  const view = viewOf(pid);
  return view === '' || view === viewOf('self');
};

/** The runsvdir that has the lock of the current directory; 0 for none that can be seen. */
const holderOfLock = (): number => {
  const stat = sys.stat('.');
  if (refused(stat)) return 0;
  return writersOf(stat).find((pid) => isRunsvdir(pid) && seesTheSame(pid)) ?? 0;
};

/** Tries the lock of the current directory, which is kept. */
const tryLock = (claim: Claim, identity: string | null): Tried => {
  const fd = sys.open('.', O_RDONLY, 0);
  if (refused(fd)) return { kind: 'had' };
  const locked = sys.flock(fd, LOCK_EX | LOCK_NB);
  if (!refused(locked)) {
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

/** Holds the lock that an earlier self has left open, so that nobody had it meanwhile. */
export const holdOn = (claim: Claim, lock: number): void => {
  if (lock < 0) return;
  const fd = lock as Fd;
  const stat = sys.fstat(fd);
  if (refused(stat) || refused(sys.flock(fd, LOCK_EX | LOCK_NB))) {
    sys.close(fd);
    return;
  }
  claim.lock = fd;
  claim.identity = identityOf(stat);
};

/** What we start does not inherit the lock; before anything was handed over anew a successor does. */
export const keepToOurselves = ({ lock }: Claim): void => {
  if (lock !== null && refused(sys.setCloexec(lock, 1))) sys.setCloexec(lock, 1);
};

/** Watches the holder, where it is another than before. */
const watchHolder = (claim: Claim, holder: number): void => {
  if (claim.holder !== null) sys.close(claim.holder);
  const pidfd = holder === 0 ? null : sys.pidfd(holder);
  claim.holder = pidfd === null || refused(pidfd) ? null : pidfd;
};

const tell = (voice: Voice, dir: Bytes, turn: Turn): void => {
  if (turn.kind === 'waiting')
    voice.warn(`${dir} is already supervised by process ${turn.holder}, waiting for its end`);
  if (turn.kind === 'beside') voice.warn(`${dir} is already supervised elsewhere, leaving alone what runs there`);
};

const isSame = (one: Turn, other: Turn): boolean => JSON.stringify(one) === JSON.stringify(other);

/** Claims the current directory, `dir`, which has this identity. Whether services may be started there. */
export const claimHere = (claim: Claim, voice: Voice, dir: Bytes, identity: string | null): boolean => {
  if (claim.lock !== null && claim.identity === identity) return true;
  letGo(claim);
  const before = claim.turn;
  const turn = nextTurn(before, tryLock(claim, identity));
  const wait = retryMs(turn);
  claim.retryMs = wait === null ? null : monotonicMs() + wait;
  if (!isSame(turn, before)) {
    claim.turn = turn;
    watchHolder(claim, turn.kind === 'waiting' ? turn.holder : 0);
    tell(voice, dir, turn);
  }
  return mayStart(turn);
};

const PROCESS_1 = 1;

/** The parent of a process; 0 where none is known. */
const parentOf = (pid: number): number => processOf(pid)?.parent ?? 0;

/** Whether `pid` is this process or one that it descends from: orphans come to those. */
const isAncestor = (pid: number): boolean => {
  for (let at: number = sys.getpid(); at > PROCESS_1; at = parentOf(at)) if (at === pid) return true;
  return pid === PROCESS_1;
};

/** The other runsvdir that has started this runsv and lives; null: it is an orphan, or ours. */
export const keeperOf = (runsv: number): number | null => {
  const parent = parentOf(runsv);
  return parent === 0 || isAncestor(parent) || !isRunsvdir(parent) ? null : parent;
};
