// A service whose runsv is about to start: its command is sent as soon as runsv listens.
//
// Promises: nothing is sent before, and the status of an earlier runsv is not believed: the fifo `ok`, which the new runsv opens
// last, must have a reader.
// Read next: parent-runsvdir.ts (whether one is about to start), wait-session.ts (what follows the sending).
import { isErrno } from '../host/calls.ts';
import { monotonicMs } from '../host/clock.ts';
import { sys } from '../host/sys.ts';
import { endsWithRunsv } from './parent-runsvdir.ts';
import { troubleLine } from './render-line.ts';
import type { Trouble } from './report.ts';
import { type Sent, sendAwaited } from './send.ts';
import { openOk } from './service.ts';
import { POLL_MS, watchSupervise } from './wait-loop.ts';
import { examineSent, finish, noteSent, type Pending, type WaitSession } from './wait-session.ts';

/** The files whose inotify events matter: runsv moves status and state.json into place, makes supervise, and opens ok. */
export const WATCHED_FILES: readonly string[] = ['status', 'state.json', 'supervise', 'ok'];

/** Adds the inotify watches for what is awaited, as far as the directories exist. */
export const addWatches = ({ inotify }: WaitSession, pending: Pending): void => {
  if (inotify !== null) watchSupervise(inotify, pending, pending.sent !== null);
};

/** No event shows when supervise appears, as where it is a dangling link. */
const mustPoll = ({ watch, folderWatch, service }: Pending): boolean =>
  watch < 0 && (folderWatch < 0 || !isErrno(sys.lstat(`${service.dir}/supervise`)));

const sendIfSupervised = ({ command }: WaitSession, { service, hold }: Pending): Sent | Trouble => {
  const ok = openOk(service.dir);
  if (typeof ok === 'object') return ok;
  sys.close(ok);
  return sendAwaited(service, command, hold);
};

const examineUnsent = (session: WaitSession, pending: Pending): void => {
  addWatches(session, pending);
  const sent = sendIfSupervised(session, pending);
  if ('service' in sent) {
    // the process of a new runsv is new, too
    noteSent(pending, { ...sent, before: null });
    addWatches(session, pending);
  } else if (endsWithRunsv(sent)) {
    if (pending.trouble?.kind !== sent.kind) pending.trouble = sent;
    pending.nextMs = mustPoll(pending) ? monotonicMs() + POLL_MS : null;
  } else finish(session, pending, troubleLine(pending.service.name, sent), true);
};

/** Examines a service: sends the command once its runsv lives, then checks the effect. */
export const examine = (session: WaitSession, pending: Pending): void => {
  if (pending.sent === null) examineUnsent(session, pending);
  if (pending.sent !== null && session.pending.has(pending)) examineSent(session, pending, pending.sent);
};
