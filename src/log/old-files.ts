// Old files of a log directory: how many are kept, and which go when there are more.
//
// Promises: the oldest go; what cannot be removed is told and stays. Where all are kept nothing is looked for, so that a
// rotation costs the same however many there are.
// Read next: ../formats/log-names.ts (which ones go), directory.ts and processor.ts (when).
import { expendable, halfWritten, surplus } from '../formats/log-names.ts';
import type { Bytes } from '../abi/bytes.ts';
import { refused } from '../host/calls.ts';
import { sys } from '../host/sys.ts';
import type { LogDir } from './model.ts';

export const namesIn = (dir: LogDir): readonly Bytes[] => {
  const names = sys.readdir('.');
  if (!refused(names)) return names;
  dir.settings.voice.warn(`unable to read directory: ${dir.name}`, names);
  return [];
};

const remove = (dir: LogDir, name: Bytes): void => {
  dir.settings.voice.info(`delete: ${dir.name}/${name}`);
  const removed = sys.unlink(name);
  if (refused(removed)) dir.settings.voice.warn(`unable to unlink: ${dir.name}/${name}`, removed);
};

/** One goes for each that comes, as in C; all beyond a number that `config` says, so that a lowered one counts. */
const removeSurplus = (dir: LogDir, names: readonly Bytes[], newest: Bytes): void => {
  const { keep, keepIsSaid, processor } = dir.config;
  const most = keepIsSaid ? names.length : 1;
  for (const name of surplus(names, keep, newest, most, processor !== '')) remove(dir, name);
};

/** Keeps the number of old files, now that there is `newest`; '': now that there will be one. */
export const prune = (dir: LogDir, newest: Bytes): void => {
  if (dir.config.keep !== 0) removeSurplus(dir, namesIn(dir), newest);
};

/** What is to be kept was made less while nobody looked. */
export const pruneAnew = (dir: LogDir): void => {
  if (dir.config.keepIsSaid) prune(dir, '');
};

/** After a rotation: what ended processors left half written goes, which there can be once, and the surplus. */
export const tidy = (dir: LogDir, newest: Bytes): void => {
  const prunes = dir.config.processor === '' && dir.config.keep !== 0;
  if (dir.isTidy && !prunes) return;
  const names = namesIn(dir);
  for (const name of halfWritten(names)) if (name !== dir.works.output) sys.unlink(name);
  dir.isTidy = true;
  if (prunes) removeSurplus(dir, names, newest);
};

/** Makes room on a full disk, if old files may be deleted for that. */
export const makeRoom = (dir: LogDir): boolean => {
  if (dir.config.keep === 0) return false;
  const name = expendable(namesIn(dir), dir.config.keep, dir.config.keepOnFullDisk);
  if (name === null) return false;
  dir.settings.voice.warn(`out of disk space, delete: ${dir.name}/${name}`);
  return !refused(sys.unlink(name));
};
