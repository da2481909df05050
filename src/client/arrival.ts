// A service whose runsv is to come: it is told as soon as runsv listens.
//
// Promises: nothing is sent before; what the status of an earlier runsv says is not believed, as the fifo `ok`, which the
// new one opens last, is waited for.
// Read next: expected.ts (whether one is to come), round.ts (what a look at a service that was told tells).
import { refused } from '../host/calls.ts';
import { monotonicMs } from '../host/clock.ts';
import { IN_CREATE, IN_MOVED_TO, IN_ONLYDIR, IN_OPEN } from '../abi/flags.ts';
import { sys } from '../host/sys.ts';
import { isToCome } from './expected.ts';
import { finish, LOOK_MS, lookAt, noteTold, type Round, type Waiting } from './round.ts';
import { type Told, tell } from './send.ts';
import { openOk, type Trouble, troubleLine } from './service.ts';

/** The files whose events tell of changes: runsv moves status into place, makes supervise, and opens ok. */
export const TELLING: readonly string[] = ['status', 'supervise', 'ok'];

/** Has the kernel tell of what is waited for, as far as it can. */
export const aim = ({ inotify }: Round, waiting: Waiting): void => {
  if (inotify === null) return;
  const { dir } = waiting.service;
  const coming = waiting.told === null;
  if (coming) waiting.folderWatch = sys.watch(inotify, dir, IN_CREATE | IN_MOVED_TO | IN_ONLYDIR);
  waiting.watch = sys.watch(inotify, `${dir}/supervise`, IN_MOVED_TO | (coming ? IN_CREATE | IN_OPEN : 0));
};

/** Nothing tells when supervise appears, as where it is a link to nowhere. */
const isDeaf = ({ watch, folderWatch, service }: Waiting): boolean =>
  watch < 0 && (folderWatch < 0 || !refused(sys.lstat(`${service.dir}/supervise`)));

const tellIfListening = ({ command }: Round, { service, purpose }: Waiting): Told | Trouble => {
  const ok = openOk(service.dir);
  if (typeof ok === 'object') return ok;
  sys.close(ok);
  return tell(service, command, purpose);
};

/** Tells a service whose runsv has come. */
const arrive = (round: Round, waiting: Waiting): void => {
  aim(round, waiting);
  const told = tellIfListening(round, waiting);
  if ('service' in told) {
    // the process of a new runsv is new
    noteTold(waiting, { ...told, before: null });
    aim(round, waiting);
  } else if (isToCome(told)) {
    if (waiting.trouble?.kind !== told.kind) waiting.trouble = told;
    waiting.nextMs = isDeaf(waiting) ? monotonicMs() + LOOK_MS : null;
  } else finish(round, waiting, troubleLine(waiting.service.name, told), true);
};

/** Looks at a service: whether its runsv has come, and then whether it is as it shall be. */
export const look = (round: Round, waiting: Waiting): void => {
  if (waiting.told === null) arrive(round, waiting);
  if (waiting.told !== null && round.waiting.has(waiting)) lookAt(round, waiting, waiting.told);
};
