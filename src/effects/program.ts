// Where runsv is: in PATH, as ever; else this very executable, which is runsv by name.
import { type Bytes, refused } from '../host/calls.ts';
import { sys } from '../host/sys.ts';

const X_OK = 1;
const DEFAULT_PATH = '/bin:/usr/bin';
const OURSELVES = '/proc/self/exe';

const pathOf = (): Bytes => {
  const entry = sys.environ().find((text) => text.startsWith('PATH='));
  return entry === undefined ? DEFAULT_PATH : entry.slice('PATH='.length);
};

/** The file to execute for `name`: the first in PATH that may be, else this executable. */
export const findProgram = (name: Bytes): Bytes => {
  for (const folder of pathOf().split(':')) {
    const path = `${folder === '' ? '.' : folder}/${name}`;
    if (!refused(sys.access(path, X_OK))) return path;
  }
  return OURSELVES;
};
