// `runitbox --install`: a link to this executable for every program of the suite.
//
// Promises: what exists under a name stays as it is; everything that could not be linked is named.
import { errorText } from '../../cli/errno.ts';
import { err } from '../../cli/say.ts';
import { type Bytes, refused } from '../../host/calls.ts';
import { EEXIST } from '../../host/linux.ts';
import { sys } from '../../host/sys.ts';
import type { Applet } from '../applet.ts';

export const folderOf = ({ folder }: Applet): string => folder ?? 'usr/bin';

const linkTo = (own: Bytes, path: Bytes, symbolic: boolean): boolean => {
  const made = symbolic ? sys.symlink(own, path) : sys.link(own, path);
  if (!refused(made) || made === -EEXIST) return true;
  err(`runitbox: unable to make ${path}: ${errorText(made)}\n`);
  return false;
};

/** `dir`: where all go; undefined: each into its own folder below the root. Returns the exit code. */
export const install = (applets: readonly Applet[], dir: Bytes | undefined, symbolic: boolean): number => {
  const own = sys.readlink('/proc/self/exe');
  if (refused(own)) {
    err(`runitbox: unable to read /proc/self/exe: ${errorText(own)}\n`);
    return 1;
  }
  const paths = applets.map((applet) => `${dir ?? `/${folderOf(applet)}`}/${applet.name}`);
  return paths.filter((path) => !linkTo(own, path, symbolic)).length === 0 ? 0 : 1;
};
