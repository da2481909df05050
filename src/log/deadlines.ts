// Deadlines: when a directory needs work without input (a retry, an age, a processor), and that work.
//
// Promises: something is done at every deadline; nothing here blocks.
// Read next: loop.ts (which polls until the deadline), directory.ts, processor.ts.
import { monotonicMs } from '../host/clock.ts';
import { ready, rotateNow } from './directory.ts';
import type { Logger } from './logger.ts';
import { type LogDir, startNextAge } from './model.ts';
import { isMidLine } from './framing.ts';
import { blocksRotation, processNext } from './processor.ts';

const rotateByAge = (dir: LogDir, nowMs: number): void => {
  if (dir.rotateAtMs === null || nowMs < dir.rotateAtMs) return;
  if (dir.sizeBytes > 0) rotateNow(dir);
  startNextAge(dir, nowMs);
};

/** Does what is due, once `deadlineMs` has passed. */
export const runDue = (logger: Logger, deadlineMs: number): void => {
  const nowMs = monotonicMs();
  if (nowMs < deadlineMs) return;
  logger.readAtMs = null;
  for (const dir of logger.dirs) {
    if (dir.open === null) continue;
    rotateByAge(dir, nowMs);
    if (dir.rotatingTo !== '' || (dir.retryAtMs !== null && nowMs >= dir.retryAtMs)) ready(dir);
    if (dir.processor.queue.length > 0 && dir.processor.pid === null && !logger.ended) processNext(dir);
  }
};

const earlier = (one: number | null, other: number | null): number | null =>
  one === null || (other !== null && other < one) ? other : one;

/** The next deadline, monotonic; null: none. */
export const deadline = (logger: Logger, written: boolean): number | null => {
  const { dirs, stream, framing, giveUpAtMs, ended } = logger;
  let soonest: number | null = written && !(ended && isMidLine(framing)) ? null : giveUpAtMs;
  soonest = earlier(soonest, logger.readAtMs);
  if (stream !== null) soonest = earlier(soonest, stream.retryAtMs);
  for (let n = 0; n < dirs.length; n++) {
    const dir = dirs[n] as LogDir;
    const { retryAtMs, rotateAtMs, processor, rotatingTo } = dir;
    if (dir.open === null) continue;
    if (retryAtMs === null && rotateAtMs === null && processor.retryAtMs === null && rotatingTo === '') continue;
    soonest = earlier(soonest, retryAtMs);
    if (rotatingTo !== '' && blocksRotation(dir)) soonest = earlier(soonest, processor.waitUntilMs);
    if (dir.sizeBytes > 0) soonest = earlier(soonest, rotateAtMs);
    if (processor.pid === null && !ended) soonest = earlier(soonest, processor.retryAtMs);
  }
  return soonest;
};
