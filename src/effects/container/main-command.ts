// The main command of a container: in the foreground, with the terminal; when it ends, everything ends.
//
// Promises: it inherits what runsvdir was given, including the terminal, and starts when `sv` can reach the services,
// or after five seconds. A failure to start it is reported, and ends everything with the code that a shell would give.
// Read next: ../../machine/container/shutdown.ts (what its end means).
import { exitCodeOf } from '../../abi/wait-status.ts';
import type { Bytes } from '../../abi/bytes.ts';
import type { Fd } from '../../host/calls.ts';
import { ENOENT } from '../../abi/errno.ts';
import { SPAWN_FAILED, SPAWN_TERMINAL } from '../../abi/flags.ts';
import { sys } from '../../host/sys.ts';
import { listen, stopListening } from './listening.ts';
import { inPath } from '../process/find-program.ts';
import { LISTEN_MS } from '../../machine/container/readiness.ts';
import { deliverShutdown } from './shutdown.ts';
import type { Contained, Container } from './state.ts';

const NOT_FOUND_CODE = 127;
const NOT_EXECUTABLE_CODE = 126;
const NO_PROCESS_CODE = 111;
const NO_RECORD = -1 as Fd;

const commandPath = (name: Bytes): Bytes | null => (name.includes('/') ? name : inPath(name));

const spawnCommand = (command: readonly Bytes[]): number => {
  const path = commandPath(command[0] ?? '');
  if (path === null) return -(SPAWN_FAILED + ENOENT);
  return sys.spawn(path, command, [], '', [], SPAWN_TERMINAL, NO_RECORD, '');
};

const notStarted = (live: Contained, name: Bytes, result: number): void => {
  const errno = result < -SPAWN_FAILED ? result + SPAWN_FAILED : result;
  const code = errno === -ENOENT ? NOT_FOUND_CODE : NOT_EXECUTABLE_CODE;
  live.diagnostics.fatal(`unable to start ${name}`, errno);
  deliverShutdown(live, { kind: 'stopRequested', code: errno === result ? NO_PROCESS_CODE : code });
};

const NAMED_MAX = 8;

const warnNotListening = (live: Contained, notListening: readonly string[], name: Bytes): void => {
  if (notListening.length === 0) return;
  const more = notListening.length > NAMED_MAX ? ` and ${notListening.length - NAMED_MAX} more` : '';
  const names = notListening.slice(0, NAMED_MAX).join(', ') + more;
  live.diagnostics.warn(`no runsv listens after ${LISTEN_MS / 1000} s in ${names}, starting ${name} anyway`);
};

/** A shutdown starts no main command any more. */
const forget = (live: Contained, container: Container): void => {
  container.commandDue = false;
  stopListening(live);
};

/** Watches for its end. */
export const awaitCommand = ({ loop }: Contained, container: Container): void => {
  loop.children.set(container.pid, { loop, childEnded: (_, wait) => commandEnded(container, wait) });
};

/** Starts the main command, if it is not started yet and the services listen; calls `announce` just before. */
export const startCommand = <L extends Contained>(live: L, announce: (live: L, container: Container) => void): void => {
  const { container } = live;
  if (container === null || !container.commandDue) return;
  if (container.shutdown.phase !== 'none') {
    forget(live, container);
    return;
  }
  const notListening = listen(live);
  if (notListening === null) return;
  warnNotListening(live, notListening, container.command[0] ?? '');
  announce(live, container);
  const result = spawnCommand(container.command);
  if (result <= 0) {
    notStarted(live, container.command[0] ?? '', result);
    return;
  }
  container.pid = result;
  awaitCommand(live, container);
  deliverShutdown(live, { kind: 'commandStarted' });
};

/** The main command has ended: `wait` is its raw wait status. */
export const commandEnded = (container: Container, wait: number): void => {
  container.pid = 0;
  container.pendingEvents.push({ kind: 'commandEnded', code: exitCodeOf(wait) });
};
