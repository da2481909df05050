// Instances of a service: directories of links to the entries of another one, so that one program runs several times.
//
// Promises: `supervise` and `down` are not linked, and neither are those of `log/`: each instance has a state and a log service of its
// own. What exists stays as it is. Read next: scale.ts, new.ts.
import type { Bytes } from '../../abi/bytes.ts';
import { isErrno } from '../../host/calls.ts';
import { sys } from '../../host/sys.ts';
import { isDirectory } from '../../client/snapshots.ts';
import { sourceDirectory } from './source.ts';

const DIRECTORY = 0o755;
/** What belongs to one service alone, and what is no entry. */
const OWN: readonly Bytes[] = ['.', '..', 'supervise', 'down'];

export interface Failed {
  readonly path: Bytes;
  readonly errno: number;
}

/** Called with each path that was made. */
type Note = (path: Bytes) => void;

const mkdir = (path: Bytes, note: Note): Failed | null => {
  const made = sys.mkdir(path, DIRECTORY);
  if (isErrno(made)) return { path, errno: made };
  note(path);
  return null;
};

/** Links each entry of `from` into `into`; `way` leads from there to it. */
const linkEntries = (from: Bytes, into: Bytes, way: Bytes, note: Note): Failed | null => {
  const names = sys.readdir(from);
  if (isErrno(names)) return { path: from, errno: names };
  for (const name of names.filter((each) => !OWN.includes(each)).sort()) {
    const path = `${into}/${name}`;
    const failed =
      name === 'log' && isDirectory(`${from}/log`)
        ? makeLog(from, into, way, note)
        : linkEntry(`${way}/${name}`, path, note);
    if (failed !== null) return failed;
  }
  return null;
};

const linkEntry = (target: Bytes, path: Bytes, note: Note): Failed | null => {
  const linked = sys.symlink(target, path);
  if (isErrno(linked)) return { path, errno: linked };
  note(path);
  return null;
};

const makeLog = (from: Bytes, into: Bytes, way: Bytes, note: Note): Failed | null =>
  mkdir(`${into}/log`, note) ?? linkEntries(`${from}/log`, `${into}/log`, `../${way}/log`, note);

/** Makes `name` in SVSRC an instance of `like`, which is there too. */
export const makeInstance = (like: Bytes, name: Bytes, note: Note): Failed | null => {
  const [from, into] = [`${sourceDirectory()}/${like}`, `${sourceDirectory()}/${name}`];
  return mkdir(into, note) ?? linkEntries(from, into, `../${like}`, note);
};
