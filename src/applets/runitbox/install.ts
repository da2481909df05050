// `runitbox --install`: a link to this executable for every program of the suite.
//
// Promises: what exists under a name stays as it is, unless it is to be replaced, which is done at once; what was left alone
// or could not be made is named, a directory that links cannot be made in once.
// Read next: paths.ts (what the links say).
import { errorText } from '../../cli/errno.ts';
import { baseName, parseOptions, problemLine } from '../../cli/options.ts';
import { err } from '../../cli/say.ts';
import type { Bytes } from '../../abi/bytes.ts';
import { type Done, type Errno, isErrno } from '../../host/calls.ts';
import { EACCES, EDQUOT, EEXIST, ENOENT, ENOSPC, ENOTDIR, EPERM, EROFS, EXDEV } from '../../abi/errno.ts';
import { sys } from '../../host/sys.ts';
import { type Applet, folderOf } from '../../cli/applet.ts';
import { parentOf } from './resolve-name.ts';
import { ownPath, sameFile, sourceFor, targetIn } from './paths.ts';

const USAGE_CODE = 100;

/** What keeps every link out of a directory, not just one. */
const OF_A_DIRECTORY: readonly number[] = [EACCES, EDQUOT, ENOENT, ENOSPC, ENOTDIR, EPERM, EROFS, EXDEV].map((n) => -n);

/** Links to be made in one directory. */
interface Place {
  readonly dir: Bytes;
  readonly names: readonly Bytes[];
  readonly source: Bytes;
  /** What they say; null for hard links. */
  readonly target: Bytes | null;
  readonly force: boolean;
}

const tell = (line: Bytes): void => void err(`runitbox: ${line}\n`);

const make = ({ source, target }: Place, path: Bytes): Done | Errno =>
  target === null ? sys.link(source, path) : sys.symlink(target, path);

/** Whether what is there is the very link that is wanted. */
const isWanted = ({ source, target }: Place, path: Bytes): boolean => {
  const now = sys.readlink(path);
  return target === null ? isErrno(now) && sameFile(path, source) : now === target;
};

/** Another file in place of the one there, which is never missing meanwhile. */
const replace = (place: Place, path: Bytes): Done | Errno => {
  const spare = `${path}.new`;
  sys.unlink(spare);
  const made = make(place, spare);
  const renamed = isErrno(made) ? made : sys.rename(spare, path);
  if (isErrno(renamed)) sys.unlink(spare);
  return renamed;
};

/** Whether this name is that of the executable itself, which must not be replaced by a link to it. */
const isSource = ({ dir, source }: Place, name: Bytes): boolean =>
  name === baseName(source) && sameFile(dir, parentOf(source));

const settle = (place: Place, name: Bytes): Done | Errno => {
  const path = `${place.dir}/${name}`;
  const made = make(place, path);
  if (made !== -EEXIST) return made;
  if (isWanted(place, path) || isSource(place, name)) return 0 as Done;
  if (place.force) return replace(place, path);
  if (!sameFile(path, place.source)) tell(`${path}: exists already, left alone; --force replaces it`);
  return 0 as Done;
};

/** Says whether all went well. */
const fill = (place: Place): boolean => {
  const { dir } = place;
  let well = true;
  for (const name of place.names) {
    const settled = settle(place, name);
    if (!isErrno(settled)) continue;
    well = false;
    if (OF_A_DIRECTORY.includes(settled)) {
      tell(
        `unable to make links in ${dir}: ${errorText(settled)}${settled === -EXDEV ? ', -s makes symbolic ones' : ''}`,
      );
      return false;
    }
    tell(`unable to make ${dir}/${name}: ${errorText(settled)}`);
  }
  return well;
};

const TABLE = [
  { letter: 's', text: '' },
  { long: 'force', text: '' },
] as const;

const misused = (line: Bytes): number => {
  err(line);
  return USAGE_CODE;
};

/** Into `dir`, or each into its own folder below the root. */
const dirsOf = (applets: readonly Applet[], dir: Bytes | undefined): ReadonlyMap<Bytes, readonly Bytes[]> => {
  const dirs = new Map<Bytes, Bytes[]>();
  const only = dir !== undefined && dir.length > 1 && dir.endsWith('/') ? dir.slice(0, -1) : dir;
  for (const applet of applets) {
    const into = only ?? `/${folderOf(applet)}`;
    dirs.set(into, [...(dirs.get(into) ?? []), applet.name]);
  }
  return dirs;
};

/** `args`: what follows --install. Returns the exit code. */
export const install = (applets: readonly Applet[], argv0: Bytes, args: readonly Bytes[]): number => {
  const parsed = parseOptions(TABLE, args);
  if (parsed.kind === 'problem') return misused(problemLine('runitbox', parsed));
  const { given, rest } = parsed;
  if (rest.length > 1) return misused(`runitbox: --install: one directory at most, not also ${rest[1]}\n`);
  const own = ownPath(argv0);
  if (own === '') {
    tell(`unable to find this executable: /proc/self/exe cannot be read, and ${argv0} is not found either`);
    return 1;
  }
  let well = true;
  for (const [dir, names] of dirsOf(applets, rest[0])) {
    const source = sourceFor(dir, own);
    const target = given.count('s') > 0 ? targetIn(dir, source) : null;
    well = fill({ dir, names, source, target, force: given.count('force') > 0 }) && well;
  }
  return well ? 0 : 1;
};
