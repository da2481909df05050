// Old files of a log directory: deletes the oldest when there are more than `config` keeps.
//
// Promises: a file that cannot be deleted is reported and stays. If all files are kept the directory is not read, so the
// cost of a rotation does not depend on their number.
// Read next: ../formats/log-names.ts (which files go), directory.ts and processor.ts (when).
import { expendable, halfWritten, surplus } from '../formats/log-names.ts';
import type { Bytes } from '../abi/bytes.ts';
import { isErrno } from '../host/calls.ts';
import { sys } from '../host/sys.ts';
import type { LogDir } from './model.ts';

export const namesIn = (dir: LogDir): readonly Bytes[] => {
  const names = sys.readdir('.');
  if (!isErrno(names)) return names;
  dir.settings.diagnostics.warn(`unable to read directory: ${dir.name}`, names);
  return [];
};

const remove = (dir: LogDir, name: Bytes): void => {
  dir.settings.diagnostics.info(`delete: ${dir.name}/${name}`);
  const removed = sys.unlink(name);
  if (isErrno(removed)) dir.settings.diagnostics.warn(`unable to unlink: ${dir.name}/${name}`, removed);
};

/** Without an `n` line one file goes per rotation, as in runit; with one, all surplus files go, so that a lowered number counts. */
const removeSurplus = (dir: LogDir, names: readonly Bytes[], newest: Bytes): void => {
  const { keep, keepIsSaid, processor } = dir.config;
  const most = keepIsSaid ? names.length : 1;
  for (const name of surplus(names, keep, newest, most, processor !== '')) remove(dir, name);
};

/** Deletes surplus files, never `newest`; '': makes room for the next one. */
export const prune = (dir: LogDir, newest: Bytes): void => {
  if (dir.config.keep !== 0) removeSurplus(dir, namesIn(dir), newest);
};

/** Deletes surplus files when a directory is opened: the number may have been lowered. */
export const pruneToConfig = (dir: LogDir): void => {
  if (dir.config.keepIsSaid) prune(dir, '');
};

/** After a rotation: deletes surplus files, and once the unfinished output of earlier processors. */
export const cleanUp = (dir: LogDir, newest: Bytes): void => {
  const prunes = dir.config.processor === '' && dir.config.keep !== 0;
  if (dir.leftoversRemoved && !prunes) return;
  const names = namesIn(dir);
  for (const name of halfWritten(names)) if (name !== dir.processor.output) sys.unlink(name);
  dir.leftoversRemoved = true;
  if (prunes) removeSurplus(dir, names, newest);
};

/** Deletes an old file on a full disk, if `config` allows it. */
export const freeSpace = (dir: LogDir): boolean => {
  if (dir.config.keep === 0) return false;
  const name = expendable(namesIn(dir), dir.config.keep, dir.config.keepOnFullDisk);
  if (name === null) return false;
  dir.settings.diagnostics.warn(`out of disk space, delete: ${dir.name}/${name}`);
  return !isErrno(sys.unlink(name));
};
