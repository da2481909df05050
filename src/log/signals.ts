// Signal handling: HUP, ALRM, TERM, and CHLD for processors.
//
// Promises: every caught signal is handled; nothing here blocks.
// Read next: loop.ts (the caller), directory.ts, processor.ts.
import { monotonicMs } from '../host/clock.ts';
import { isErrno } from '../host/calls.ts';
import { WNOHANG } from '../abi/flags.ts';
import { SIGALRM, SIGCHLD, SIGHUP, SIGTERM } from '../abi/signals.ts';
import { sys } from '../host/sys.ts';
import { closeLogDir, openLogDir, ready, rotateNow } from './directory.ts';
import { hasDestination, type Logger } from './logger.ts';
import { killProcessor, processNext, processorEnded } from './processor.ts';

/** How long writes are retried after TERM. */
const DRAIN_TIMEOUT_MS = 5000;

const terminate = (logger: Logger): void => {
  logger.settings.diagnostics.info('sigterm received.');
  if (logger.giveUpAtMs !== null) {
    logger.forced = true;
    for (const dir of logger.dirs) killProcessor(dir);
    return;
  }
  logger.giveUpAtMs = monotonicMs() + DRAIN_TIMEOUT_MS;
  for (const dir of logger.dirs) dir.retryAtMs = null;
  if (logger.stream !== null) logger.stream.retryAtMs = null;
  logger.ended = true;
};

const reopen = (logger: Logger): boolean => {
  logger.settings.diagnostics.info('sighangup received.');
  for (const dir of logger.dirs) {
    closeLogDir(dir);
    openLogDir(dir, logger.home);
  }
  return hasDestination(logger);
};

const reap = (logger: Logger): void => {
  for (;;) {
    const ended = sys.waitpid(-1, WNOHANG);
    if (isErrno(ended) || ended[0] === 0) return;
    for (const dir of logger.dirs) {
      if (dir.processor.pid !== ended[0]) continue;
      processorEnded(dir, ended[1]);
      processNext(dir);
      // a rotation may be waiting for it
      if (dir.open !== null && dir.rotatingTo !== '') ready(dir);
    }
  }
};

/** Handles all caught signals. False: after HUP there is nothing to write to. */
export const handleSignals = (logger: Logger): boolean => {
  logger.signalsPending = false;
  const signals = sys.takeSignals();
  if (signals.includes(SIGCHLD)) reap(logger);
  if (signals.includes(SIGTERM)) terminate(logger);
  if (signals.includes(SIGALRM)) {
    logger.settings.diagnostics.info('sigalarm received.');
    for (const dir of logger.dirs) rotateNow(dir);
  }
  return !signals.includes(SIGHUP) || reopen(logger);
};
