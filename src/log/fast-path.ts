// The fast path: whole lines go from one read to one write per directory.
//
// Promises: the same bytes in the same files as writer.ts, with as few steps between read and write as possible, because
// these steps are a line's latency. fastPathBytes() does every check that can be done before the read. What a write leaves
// over goes to writer.ts. Read next: input.ts and loop.ts (the callers), writer.ts.
import { stampOf } from '../formats/stamp.ts';
import type { Moment } from '../formats/tai64.ts';
import type { Bytes } from '../abi/bytes.ts';
import { wallClock } from '../host/clock.ts';
import { sys } from '../host/sys.ts';
import { type Logger, NO_TIME } from './logger.ts';
import { type LogDir, NO_LIMIT } from './model.ts';
import { EMPTY_FRAMING } from './framing.ts';

/** Whether `current` can take lines at once, and nothing else needs them. */
const isIdle = (dir: LogDir): boolean =>
  dir.current !== null &&
  dir.pending === '' &&
  dir.state === 0 &&
  dir.retryAtMs === null &&
  dir.rotatingTo === '' &&
  (dir.rotateAtMs === null || dir.sizeBytes > 0) &&
  dir.alarmRules === '' &&
  dir.config.udp === null;

/** Input below this size takes the fast path; 0: none does. Computed before poll, while there is time. */
export const fastPathBytes = ({ settings, stream, framing, dirs }: Logger): number => {
  if (settings.table !== '' || stream !== null || framing !== EMPTY_FRAMING) return 0;
  let bytes = NO_LIMIT;
  for (let n = 0; n < dirs.length; n++) {
    const dir = dirs[n] as LogDir;
    if (dir.open === null) continue;
    if (!isIdle(dir)) return 0;
    bytes = Math.min(bytes, dir.fastPathBytes - dir.sizeBytes);
  }
  return bytes;
};

/** The text to write for whole lines; '': it does not fit, and is pending for writer.ts. */
const textOf = (dir: LogDir, data: Bytes, moment: Moment): Bytes => {
  const { settings } = dir;
  const head = stampOf(settings.stampStyle, moment) + dir.config.prefix;
  const room = dir.fastPathBytes - dir.sizeBytes;
  const made = sys.lines(data, 0, 0, head, dir.rules, settings.lineBytes, room, 0);
  if (typeof made === 'number') throw new Error(`lines: ${made}`);
  const text = made[0];
  const consumed = made[1];
  dir.consumed = consumed;
  if (consumed === data.length && text.length < room) return text;
  dir.pending = text;
  dir.pendingOffset = 0;
  dir.state = made[2];
  return '';
};

/** The next attempt, in writer.ts, reports an error. */
const keepPending = (dir: LogDir, text: Bytes, written: number): void => {
  dir.sizeBytes += Math.max(0, written);
  dir.pending = text;
  dir.pendingOffset = Math.max(0, written);
};

/** Writes whole lines, fewer bytes than fastPathBytes() returned. */
export const fastWrite = (logger: Logger, data: Bytes): void => {
  const { dirs } = logger;
  const moment = logger.isTimed ? wallClock() : NO_TIME;
  let hasPending = false;
  for (let n = 0; n < dirs.length; n++) {
    const dir = dirs[n] as LogDir;
    const { current } = dir;
    if (current === null) continue;
    const text = dir.isVerbatim ? data : textOf(dir, data, moment);
    const bytes = text.length;
    const written = bytes === 0 ? 0 : sys.write(current, text);
    if (written === bytes) dir.sizeBytes += bytes;
    else keepPending(dir, text, written);
    if (dir.isVerbatim) dir.consumed = data.length;
    if (dir.pending !== '' || dir.consumed !== data.length) hasPending = true;
  }
  if (hasPending) logger.chunks = [{ data, moment }];
};
