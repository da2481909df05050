// The main command of a container: in the foreground, with the terminal; when it ends, everything ends.
//
// Promises: it inherits what runsvdir was given, the terminal too, and starts after the services. What keeps it from
// starting is told, and ends everything with the code that a shell would give.
// Read next: ../machine/shutdown.ts (what its end means).
import type { Bytes, Fd } from '../host/calls.ts';
import { ENOENT, SPAWN_FAILED, SPAWN_TERMINAL } from '../host/linux.ts';
import { sys } from '../host/sys.ts';
import { inPath } from './program.ts';
import { deliverShutdown } from './stopping.ts';
import type { Container, Live } from './tree-live.ts';

const NOT_FOUND_CODE = 127;
const NOT_EXECUTABLE_CODE = 126;
const NO_PROCESS_CODE = 111;
const SIGNALLED_CODE = 128;
const NO_RECORD = -1 as Fd;

const pathOf = (name: Bytes): Bytes | null => (name.includes('/') ? name : inPath(name));

const spawnCommand = (command: readonly Bytes[]): number => {
  const path = pathOf(command[0] ?? '');
  if (path === null) return -(SPAWN_FAILED + ENOENT);
  return sys.spawn(path, command, [], '', [], SPAWN_TERMINAL, NO_RECORD, '');
};

const notStarted = (live: Live, name: Bytes, result: number): void => {
  const errno = result < -SPAWN_FAILED ? result + SPAWN_FAILED : result;
  const code = errno === -ENOENT ? NOT_FOUND_CODE : NOT_EXECUTABLE_CODE;
  live.voice.fatal(`unable to start ${name}`, errno);
  deliverShutdown(live, { kind: 'asked', code: errno === result ? NO_PROCESS_CODE : code });
};

/** Starts the main command, if one is to be started; `announce` is called just before. */
export const startCommand = (live: Live, announce: (live: Live, container: Container) => void): void => {
  const { container } = live;
  if (container === null || !container.commandDue) return;
  announce(live, container);
  const result = spawnCommand(container.command);
  if (result <= 0) {
    notStarted(live, container.command[0] ?? '', result);
    return;
  }
  container.pid = result;
  deliverShutdown(live, { kind: 'commandStarted' });
};

/** The main command has ended: `wait` is its raw wait status. */
export const commandEnded = (container: Container, wait: number): void => {
  const signal = wait & 0x7f;
  container.pid = 0;
  container.news.push({ kind: 'commandEnded', code: signal === 0 ? (wait >> 8) & 0xff : SIGNALLED_CODE + signal });
};
