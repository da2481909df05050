// Reverts what Node changes of a process at its start, for the programs that we execute.
//
// Promises: the process has its program's name; SIGPIPE, SIGXFSZ and SIGUSR1 have their default action and are not blocked;
// inherited descriptors are passed on, Node's own are not; the soft limit on open files is our parent's again, if the hard
// limit is our parent's too (a limit set between fork and exec looks the same).
// Must not: guess beyond this. docs/node.md lists what is lost: which signals were ignored, and which of 0, 1, 2 were closed.
// Read next: load.ts.
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import inspector from 'node:inspector';
import { basename } from 'node:path';
import type { Calls, Fd } from '../calls.ts';
import { isErrno } from '../calls.ts';
import { SIGPIPE, SIGUSR1, SIGXFSZ } from '../../abi/signals.ts';

const RLIMIT_NOFILE = 7;
/** The first descriptor that Node opens: lower ones were inherited. */
const NODES_FIRST = 'anon_inode:[eventpoll]';

export interface Open {
  readonly fd: number;
  /** Its link in /proc. */
  readonly what: string;
}

/** Those of `all` (ascending) above standard error that were inherited; `debugged`: the inspector has opened some, too. */
export const inherited = (all: readonly Open[], debugged: boolean): readonly number[] => {
  const first = all.find(({ what }) => what === NODES_FIRST)?.fd ?? 0;
  const ends = (pipe: string): number => all.filter(({ what }) => what === pipe).length;
  const isForeign = ({ fd, what }: Open): boolean => {
    if (fd < first) return true;
    if (what.startsWith('anon_inode:')) return false;
    if (what.startsWith('socket:') || what === '/dev/null') return !debugged;
    // Node has both ends of its own pipes
    return !what.startsWith('pipe:') || ends(what) === 1;
  };
  return all.filter((open) => open.fd > 2 && isForeign(open)).map(({ fd }) => fd);
};

const openNow = (): readonly Open[] => {
  const all: Open[] = [];
  const descriptors = readdirSync('/proc/self/fd').map(Number);
  for (const fd of descriptors.sort((one, other) => one - other)) {
    try {
      all.push({ fd, what: readlinkSync(`/proc/self/fd/${fd}`, 'latin1') });
    } catch {
      // the descriptor of the directory read here
    }
  }
  return all;
};

/** Soft and hard limit on open files in a /proc/PID/limits, -1 for none; null where it lists none. */
export const openFilesIn = (limits: string): readonly [number, number] | null => {
  const words = /^Max open files +(\S+) +(\S+)/m.exec(limits);
  const number = (word: string | undefined): number => (word === 'unlimited' ? -1 : Number(word));
  return words === null ? null : [number(words[1]), number(words[2])];
};

const lowerOpenFiles = (host: Calls): void => {
  const ours = host.rlimit(RLIMIT_NOFILE, []);
  const parents = openFilesIn(readFileSync(`/proc/${host.getppid()}/limits`, 'latin1'));
  if (isErrno(ours) || parents === null || parents[1] !== ours[1]) return;
  host.rlimit(RLIMIT_NOFILE, parents);
};

const attempt = (action: () => void): void => {
  try {
    action();
  } catch {
    // no /proc, or an invisible parent: Node's limit stays
  }
};

/** Reverts what can be. Call it once, before anything is opened. */
export const putBack = (host: Calls): void => {
  attempt(() => {
    for (const fd of inherited(openNow(), inspector.url() !== undefined)) host.setCloexec(fd as Fd, 0);
  });
  attempt(() => lowerOpenFiles(host));
  // Node names itself MainThread, and nobody would find a runsv by that
  attempt(() => writeFileSync('/proc/self/comm', basename(host.args()[0] ?? ''), 'latin1'));
  // execve resets a caught signal to default; SIGUSR1 may be blocked to keep Node from opening a debugger
  host.catchSignals([SIGPIPE, SIGXFSZ, SIGUSR1]);
  host.takeSignals();
};
