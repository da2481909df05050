// The short way: whole lines that were read go straight to directories that have nothing in their way.
//
// Promises: the same bytes in the same files as by the long way (writing.ts), in as few steps as there can be between the
// read and the write, for that is how soon a line is seen. What can be looked at before is looked at before, by easyBytes.
// What a write leaves over is left to the long way. Read next: input.ts and loop.ts (who calls), writing.ts.
import { stampOf } from '../formats/stamp.ts';
import type { Moment } from '../formats/tai64.ts';
import type { Bytes } from '../abi/bytes.ts';
import { wallClock } from '../host/clock.ts';
import { sys } from '../host/sys.ts';
import { type Logger, NEVER_MIND } from './logger.ts';
import { type LogDir, NO_LIMIT } from './model.ts';
import { NOTHING_HELD } from './piece.ts';

/** Whether nothing but lines has to go into `current`, and these at once. */
const isClear = (dir: LogDir): boolean =>
  dir.current !== null &&
  dir.rest === '' &&
  dir.state === 0 &&
  dir.pauseMs === null &&
  dir.rotatingTo === '' &&
  dir.alarmRules === '' &&
  dir.config.udp === null;

/** How many bytes go the short way at most: 0 where nothing may. Asked while there is time, before waiting. */
export const easyBytes = ({ settings, stream, framing, dirs }: Logger): number => {
  if (settings.table !== '' || stream !== null || framing !== NOTHING_HELD) return 0;
  let bytes = NO_LIMIT;
  for (let n = 0; n < dirs.length; n++) {
    const dir = dirs[n] as LogDir;
    if (dir.open === null) continue;
    if (!isClear(dir)) return 0;
    bytes = Math.min(bytes, dir.easyBytes - dir.sizeBytes);
  }
  return bytes;
};

/** The text of whole lines, if all of it has room; else it is left to the long way: ''. */
const textOf = (dir: LogDir, data: Bytes, moment: Moment): Bytes => {
  const { settings } = dir;
  const head = stampOf(settings.stampStyle, moment) + dir.config.prefix;
  const room = dir.easyBytes - dir.sizeBytes;
  const made = sys.lines(data, 0, 0, head, dir.rules, settings.lineBytes, room, 0);
  if (typeof made === 'number') throw new Error(`lines: ${made}`);
  const text = made[0];
  const taken = made[1];
  dir.taken = taken;
  if (taken === data.length && text.length < room) return text;
  dir.rest = text;
  dir.restAt = 0;
  dir.state = made[2];
  return '';
};

/** A refusal is told by the next try. */
const keepRest = (dir: LogDir, text: Bytes, written: number): void => {
  dir.sizeBytes += Math.max(0, written);
  dir.rest = text;
  dir.restAt = Math.max(0, written);
};

/** Takes in whole lines, fewer bytes than `easyBytes` has said. */
export const passOn = (logger: Logger, data: Bytes): void => {
  const { dirs } = logger;
  const moment = logger.isTimed ? wallClock() : NEVER_MIND;
  let isLeft = false;
  for (let n = 0; n < dirs.length; n++) {
    const dir = dirs[n] as LogDir;
    const { current } = dir;
    if (current === null) continue;
    const text = dir.isPlain ? data : textOf(dir, data, moment);
    const bytes = text.length;
    const written = bytes === 0 ? 0 : sys.write(current, text);
    if (written === bytes) dir.sizeBytes += bytes;
    else keepRest(dir, text, written);
    if (dir.isPlain) dir.taken = data.length;
    if (dir.rest !== '' || dir.taken !== data.length) isLeft = true;
  }
  if (isLeft) logger.pieces = [{ data, moment }];
};
