// Resolves a call to a program of the suite: by the name in argv[0], else by that of the file that was executed, else by the
// symbolic links that they lead through.
//
// Promises: the first link with a program's name decides, so /etc/init.d/web -> /usr/bin/sv is sv, wherever sv itself links to.
// Whoever executes sv may give argv[0] any other name (`chpst -b web sv ...`).
// Read next: ../runitbox.ts.
import { baseName } from '../../cli/options.ts';
import type { Bytes } from '../../abi/bytes.ts';
import { isErrno } from '../../host/calls.ts';
import { sys } from '../../host/sys.ts';
import type { Applet } from '../../cli/applet.ts';
import { programOf } from '../../machine/checkpoint.ts';

const MOST_LINKS = 40;

export const parentOf = (path: Bytes): Bytes => path.slice(0, path.lastIndexOf('/') + 1);

const searchPath = (): readonly Bytes[] => {
  const entry = sys.environ().find((each) => each.startsWith('PATH='));
  return entry === undefined ? [] : entry.slice('PATH='.length).split(':');
};

/** The path of the name that was typed, looked up in PATH; '' if there is none. */
export const placeOf = (argv0: Bytes): Bytes => {
  if (argv0.includes('/')) return argv0;
  const places = searchPath().map((dir) => (dir === '' ? argv0 : `${dir}/${argv0}`));
  return places.find((place) => !isErrno(sys.lstat(place))) ?? '';
};

/** The program that the last component of a path names. */
export const named = (applets: readonly Applet[], path: Bytes): Applet | undefined => {
  const name = baseName(path);
  return applets.find((applet) => applet.name === name) ?? applets.find(({ also }) => also?.includes(name) === true);
};

/** The program that the symbolic links of a path lead to; undefined: none. */
const behind = (applets: readonly Applet[], from: Bytes): Applet | undefined => {
  let path = from;
  for (let links = 0; path !== '' && links < MOST_LINKS; links++) {
    const target = sys.readlink(path);
    if (isErrno(target)) return undefined;
    path = target[0] === '/' ? target : parentOf(path) + target;
    const applet = named(applets, path);
    if (applet !== undefined) return applet;
  }
  return undefined;
};

/** The program that continues after a failure of the engine: the file that was executed then is /proc/self/exe. */
const continued = (applets: readonly Applet[]): Applet | undefined => {
  const text = sys.restore();
  return isErrno(text) ? undefined : named(applets, programOf(text) ?? '');
};

/** The program of a call whose argv[0] names none; undefined: none. */
export const appletBehind = (applets: readonly Applet[], argv0: Bytes): Applet | undefined => {
  const [executed = ''] = sys.executed();
  return continued(applets) ?? named(applets, executed) ?? behind(applets, executed) ?? behind(applets, placeOf(argv0));
};
