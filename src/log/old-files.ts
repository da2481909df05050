// Old files of a log directory: how many are kept, and which go when there are more.
//
// Promises: one file goes for each that comes, the oldest, as in C; what cannot be removed is told and stays.
// Read next: ../formats/log-names.ts (which one goes), directory.ts and processor.ts (when).
import { expendable, halfWritten, overdue, surplus } from '../formats/log-names.ts';
import { type Bytes, refused } from '../host/calls.ts';
import { sys } from '../host/sys.ts';
import type { LogDir } from './model.ts';

export const namesIn = (dir: LogDir): readonly Bytes[] => {
  const names = sys.readdir('.');
  if (!refused(names)) return names;
  dir.settings.voice.warn(`unable to read directory: ${dir.name}`, names);
  return [];
};

const remove = (dir: LogDir, name: Bytes | null): void => {
  if (name === null) return;
  dir.settings.voice.info(`delete: ${dir.name}/${name}`);
  const removed = sys.unlink(name);
  if (refused(removed)) dir.settings.voice.warn(`unable to unlink: ${dir.name}/${name}`, removed);
};

/** Keeps the number of old files, now that there is `newest`; '': now that there will be one. */
export const prune = (dir: LogDir, newest: Bytes): void => remove(dir, surplus(namesIn(dir), dir.config.keep, newest));

/** Removes what ended processors left half written, and of what waits for one the oldest file if that is too many. */
export const tidy = (dir: LogDir): void => {
  const names = namesIn(dir);
  for (const name of halfWritten(names)) if (name !== dir.works.output) sys.unlink(name);
  const late = dir.config.processor === '' ? null : overdue(names, dir.config.keep);
  if (late === null || late === dir.works.input) return;
  dir.settings.voice.warn(`too many files wait for the processor, delete: ${dir.name}/${late}`);
  sys.unlink(late);
};

/** Makes room on a full disk, if old files may be deleted for that. */
export const makeRoom = (dir: LogDir): boolean => {
  const { keep, keepOnFullDisk } = dir.config;
  const name = expendable(namesIn(dir), keep, keepOnFullDisk);
  if (name === null) return false;
  dir.settings.voice.warn(`out of disk space, delete: ${dir.name}/${name}`);
  return !refused(sys.unlink(name));
};
