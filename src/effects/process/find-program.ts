// Where programs are: in PATH; runsv otherwise is this very executable.
import type { Bytes } from '../../abi/bytes.ts';
import { isErrno } from '../../host/calls.ts';
import { sys } from '../../host/sys.ts';

const X_OK = 1;
const DEFAULT_PATH = '/bin:/usr/bin';
const OURSELVES = '/proc/self/exe';

const searchPath = (): Bytes => {
  const entry = sys.environ().find((text) => text.startsWith('PATH='));
  return entry === undefined ? DEFAULT_PATH : entry.slice('PATH='.length);
};

/** The first executable file of this name in PATH; null: none. */
export const inPath = (name: Bytes): Bytes | null => {
  for (const folder of searchPath().split(':')) {
    const path = `${folder === '' ? '.' : folder}/${name}`;
    if (!isErrno(sys.access(path, X_OK))) return path;
  }
  return null;
};

/** The file to execute for `name`: the first in PATH, else this executable. */
export const findProgram = (name: Bytes): Bytes => inPath(name) ?? OURSELVES;
