// A log that is followed: what is written to it from a place on, through its rotations.
//
// Promises: each line once and in order, also where svlogd rotates several times between two looks, as long as the files
// are there; a file that was opened is read to its end, whatever becomes of its name. Reads a bounded amount at once.
// Read next: log-files.ts, follow.ts (when to look).
import type { Bytes } from '../abi/bytes.ts';
import { O_NOCTTY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } from '../abi/flags.ts';
import { identityOf } from '../effects/trusted-file.ts';
import { isErrno } from '../host/calls.ts';
import { sys } from '../host/sys.ts';
import { CHUNK, directoryOf, type LogFile, lastLines, linesBefore, openLog } from './log-files.ts';

/** Bytes that one look reads. */
const LOOK_BYTES = 1_048_576;
/** A longer line comes in parts. */
const LINE_MOST = 4_194_304;
/** So many files that were rotated away are opened at once, before they can be removed. */
const HELD_MOST = 64;
/** So much of a file tells whether it is text. */
const HEAD_BYTES = 1024;
/** A log that appears with more than this was there before: only its last lines are shown. */
const FRESH_BYTES = 65_536;
const ATTEMPTS = 8;

interface Part {
  /** null: not open yet. */
  file: LogFile | null;
  /** Of a file that was rotated away. */
  readonly label: Bytes;
  /** Where to read on. */
  at: number;
}

export interface FollowedLog {
  /** Of `current`. */
  readonly path: Bytes;
  /** The file that is read, and those that came after it; the last one is `current`. */
  readonly parts: Part[];
  /** Labels of the files that were rotated away before the last of `parts` was `current`. */
  known: ReadonlySet<Bytes>;
  /** The line that is being written. */
  unfinished: Bytes;
  /** Files were removed before they were read. */
  isIncomplete: boolean;
}

/** What a processor has yet to see, or is done with, or is still writing. */
const ROTATED = /^@[0-9a-f]{24}\.[sut]$/;
const LABEL = '@'.length + 24;

const keyAt = (path: Bytes): string | null => {
  const stat = sys.lstat(path);
  return isErrno(stat) ? null : identityOf(stat);
};

const rotatedNames = (directory: Bytes): readonly Bytes[] => {
  const names = sys.readdir(directory);
  return isErrno(names) ? [] : names.filter((name) => ROTATED.test(name)).sort();
};

const labelsOf = (names: readonly Bytes[]): ReadonlySet<Bytes> => new Set(names.map((name) => name.slice(0, LABEL)));

/** `current` and the names of what was rotated away before it: both at one moment, or null. */
const openCurrent = (path: Bytes): { readonly file: LogFile; readonly names: readonly Bytes[] } | null => {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const file = openLog(path);
    if (file === null) return null;
    const names = rotatedNames(directoryOf(path));
    if (keyAt(path) === file.key) return { file, names };
    sys.close(file.fd);
  }
  return null;
};

export interface Begun {
  readonly log: FollowedLog;
  /** The last lines before it is followed. */
  readonly lines: readonly Bytes[];
}

/** Begins with the last `count` lines; `isNew`: with all lines of a log that was not there before. */
export const beginToFollow = (path: Bytes, count: number, isNew: boolean): Begun | null => {
  const opened = openCurrent(path);
  if (opened === null) return null;
  const { file, names } = opened;
  const all = isNew && file.size <= FRESH_BYTES;
  const { lines, end } = all ? { lines: [], end: 0 } : lastLines(file, count);
  const before = isNew ? [] : linesBefore(path, count - lines.length);
  const log = {
    path,
    parts: [{ file, label: '', at: end }],
    known: labelsOf(names),
    unfinished: '',
    isIncomplete: false,
  };
  return { log, lines: [...before, ...lines] };
};

/** Whether a processor changes files after they were rotated away. */
const hasProcessor = (directory: Bytes): boolean => {
  const fd = sys.open(`${directory}/config`, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY, 0);
  if (isErrno(fd)) return false;
  const text = sys.read(fd, CHUNK);
  sys.close(fd);
  return !isErrno(text) && /^!/m.test(text);
};

const isRemoved = ({ fd }: LogFile): boolean => {
  const stat = sys.fstat(fd);
  return !isErrno(stat) && stat[9] === 0;
};

/** Whether what a processor left is lines, not something compressed. */
const isText = (file: LogFile): boolean => {
  const start = sys.pread(file.fd, HEAD_BYTES, 0);
  return !isErrno(start) && !/[\0-\x08\x0e-\x1a\x1c-\x1f]/.test(start);
};

/** A file that was rotated away; null: not there, or not lines any more. */
const openRotated = (directory: Bytes, label: Bytes): LogFile | null => {
  const raw = openLog(`${directory}/${label}.u`);
  if (raw !== null) return raw;
  const done = openLog(`${directory}/${label}.s`);
  if (done === null || isText(done)) return done;
  sys.close(done.fd);
  return null;
};

/** The label of `last`, if it is among those that are new. */
const ownLabel = (directory: Bytes, last: LogFile, fresh: readonly Bytes[], processed: boolean): Bytes | undefined => {
  const isOwn = (label: Bytes): boolean => ['u', 's'].some((end) => keyAt(`${directory}/${label}.${end}`) === last.key);
  return processed && isRemoved(last) ? fresh[0] : fresh.find(isOwn);
};

/** The files that were `current` after `last` and before the present one. */
const between = (log: FollowedLog, last: LogFile, labels: ReadonlySet<Bytes>): readonly Part[] => {
  const directory = directoryOf(log.path);
  const fresh = [...labels].filter((label) => !log.known.has(label));
  const processed = hasProcessor(directory);
  const own = ownLabel(directory, last, fresh, processed);
  if (own === undefined && fresh.length > 0) log.isIncomplete = true;
  return fresh
    .filter((label) => label !== own)
    .map((label, at) => ({ file: at < HELD_MOST ? openRotated(directory, label) : null, label, at: 0 }));
};

/** Takes what has come in place of `current`. False: nothing has. */
const takeNext = (log: FollowedLog, last: LogFile): boolean => {
  const key = keyAt(log.path);
  if (key === null || key === last.key) return false;
  const next = openCurrent(log.path);
  if (next === null) return false;
  const labels = labelsOf(next.names);
  log.parts.push(...between(log, last, labels), { file: next.file, label: '', at: 0 });
  log.known = labels;
  return true;
};

const readPart = (part: Part, file: LogFile): Bytes => {
  const text = sys.pread(file.fd, CHUNK, part.at);
  return isErrno(text) ? '' : text;
};

/** A file that was cut is read from its start. */
const wasCut = (part: Part, file: LogFile): boolean => {
  const stat = sys.fstat(file.fd);
  if (isErrno(stat) || stat[6] >= part.at) return false;
  part.at = 0;
  return true;
};

/** Goes to the next file. False: there is none. */
const goOn = (log: FollowedLog, part: Part): boolean => {
  const { file } = part;
  if (file !== null && log.parts.length === 1 && !takeNext(log, file)) return wasCut(part, file);
  // it may have grown until it was rotated away
  if (file !== null && readPart(part, file) !== '') return true;
  if (file !== null) sys.close(file.fd);
  else log.isIncomplete = true;
  log.parts.shift();
  return true;
};

const readOn = (log: FollowedLog): Bytes => {
  let text = '';
  while (text.length < LOOK_BYTES) {
    const [part] = log.parts;
    if (part === undefined) return text;
    part.file ??= openRotated(directoryOf(log.path), part.label);
    const more = part.file === null ? '' : readPart(part, part.file);
    part.at += more.length;
    text += more;
    if (more === '' && !goOn(log, part)) return text;
  }
  return text;
};

const splitLines = (log: FollowedLog, text: Bytes): readonly Bytes[] => {
  if (text === '') return [];
  const lines = (log.unfinished + text).split('\n');
  log.unfinished = lines.pop() as Bytes;
  if (log.unfinished.length < LINE_MOST) return lines;
  lines.push(log.unfinished);
  log.unfinished = '';
  return lines;
};

export interface NewLines {
  readonly lines: readonly Bytes[];
  /** There is more to read at once. */
  readonly more: boolean;
}

/** The whole lines that were written since the last look. */
export const newLinesOf = (log: FollowedLog): NewLines => {
  const text = readOn(log);
  return { lines: splitLines(log, text), more: text.length >= LOOK_BYTES };
};

/** Whether its directory is gone. */
export const isGone = ({ path }: FollowedLog): boolean => keyAt(path) === null && keyAt(directoryOf(path)) === null;

/** Lets the files go; the line that was not finished. */
export const endFollowing = (log: FollowedLog): readonly Bytes[] => {
  for (const { file } of log.parts) if (file !== null) sys.close(file.fd);
  log.parts.length = 0;
  return log.unfinished === '' ? [] : [log.unfinished];
};
