// What svlogd does when it is told by a signal: HUP, ALRM, TERM, and CHLD for its processors.
//
// Promises: no signal that was noted is passed over; nothing here waits.
// Read next: loop.ts (when this is called), directory.ts, processor.ts.
import { monotonicMs } from '../host/clock.ts';
import { refused } from '../host/calls.ts';
import { WNOHANG } from '../abi/flags.ts';
import { SIGALRM, SIGCHLD, SIGHUP, SIGTERM } from '../abi/signals.ts';
import { sys } from '../host/sys.ts';
import { closeLogDir, openLogDir, ready, rotateNow } from './directory.ts';
import { hasOutlet, type Logger } from './logger.ts';
import { cancel, processNext, processorEnded } from './processor.ts';

/** How long what was read is tried to be written after TERM. */
const END_PATIENCE_MS = 5000;

const terminate = (logger: Logger): void => {
  logger.settings.voice.info('sigterm received.');
  if (logger.giveUpMs !== null) {
    logger.hurried = true;
    for (const dir of logger.dirs) cancel(dir);
    return;
  }
  logger.giveUpMs = monotonicMs() + END_PATIENCE_MS;
  for (const dir of logger.dirs) dir.pauseMs = null;
  if (logger.stream !== null) logger.stream.pauseMs = null;
  logger.ended = true;
};

const reopen = (logger: Logger): boolean => {
  logger.settings.voice.info('sighangup received.');
  for (const dir of logger.dirs) {
    closeLogDir(dir);
    openLogDir(dir, logger.home);
  }
  return hasOutlet(logger);
};

const reap = (logger: Logger): void => {
  for (;;) {
    const ended = sys.waitpid(-1, WNOHANG);
    if (refused(ended) || ended[0] === 0) return;
    for (const dir of logger.dirs) {
      if (dir.works.pid !== ended[0]) continue;
      processorEnded(dir, ended[1]);
      processNext(dir);
      // a rotation may have waited for it
      if (dir.open !== null && dir.rotatingTo !== '') ready(dir);
    }
  }
};

/** Obeys what was noted. False: HUP left nothing to write to. */
export const obey = (logger: Logger): boolean => {
  logger.signalled = false;
  const signals = sys.takeSignals();
  if (signals.includes(SIGCHLD)) reap(logger);
  if (signals.includes(SIGTERM)) terminate(logger);
  if (signals.includes(SIGALRM)) {
    logger.settings.voice.info('sigalarm received.');
    for (const dir of logger.dirs) rotateNow(dir);
  }
  return !signals.includes(SIGHUP) || reopen(logger);
};
