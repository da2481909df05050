// Deadlines: when a directory wants attention though nothing has come, and what is done then.
//
// Promises: no deadline but one that something is done at; nothing here waits.
// Read next: loop.ts (who waits), directory.ts, processor.ts.
import { monotonicMs } from '../host/clock.ts';
import { ready, rotateNow } from './directory.ts';
import type { Logger } from './logger.ts';
import type { LogDir } from './model.ts';
import { isMidLine } from './piece.ts';
import { holdsUp, processNext } from './processor.ts';

const rotateOld = (dir: LogDir, nowMs: number): void => {
  if (dir.oldMs === null || nowMs < dir.oldMs) return;
  const ageMs = dir.config.ageSec * 1000;
  // an empty file is left as it is, and looked at again where the next age would end
  if (dir.sizeBytes > 0) rotateNow(dir);
  dir.oldMs = nowMs + ageMs - ((nowMs - dir.oldMs) % ageMs);
};

/** Does what is due, if `dueMs` has come. */
export const tend = (logger: Logger, dueMs: number): void => {
  const nowMs = monotonicMs();
  if (nowMs < dueMs) return;
  logger.readAgainMs = null;
  for (const dir of logger.dirs) {
    if (dir.open === null) continue;
    rotateOld(dir, nowMs);
    if (dir.rotatingTo !== '' || (dir.pauseMs !== null && nowMs >= dir.pauseMs)) ready(dir);
    if (dir.works.waiting.count > 0 && dir.works.pid === null && !logger.ended) processNext(dir);
  }
};

const sooner = (one: number | null, other: number | null): number | null =>
  one === null || (other !== null && other < one) ? other : one;

/** When something is due, monotonic; null: nothing is. */
export const deadline = (logger: Logger, written: boolean): number | null => {
  const { dirs, stream, framing, giveUpMs, ended } = logger;
  let soonest: number | null = written && !(ended && isMidLine(framing)) ? null : giveUpMs;
  soonest = sooner(soonest, logger.readAgainMs);
  if (stream !== null) soonest = sooner(soonest, stream.pauseMs);
  for (let n = 0; n < dirs.length; n++) {
    const dir = dirs[n] as LogDir;
    const { pauseMs, oldMs, works, rotatingTo } = dir;
    if (dir.open === null) continue;
    if (pauseMs === null && oldMs === null && works.retryMs === null && rotatingTo === '') continue;
    soonest = sooner(soonest, pauseMs);
    if (rotatingTo !== '' && holdsUp(dir)) soonest = sooner(soonest, works.patientUntilMs);
    if (dir.sizeBytes > 0) soonest = sooner(soonest, oldMs);
    if (works.pid === null && !ended) soonest = sooner(soonest, works.retryMs);
  }
  return soonest;
};
