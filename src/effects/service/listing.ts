// Which dependencies a service has: the names in its dependencies.d, what these files say, and which of them are on a cycle.
//
// Promises: a name with a dot in front is none; what cannot be read counts as empty; everything is warned of once in the life of runsv.
// Read first: followed.ts. Read next: examining.ts (what is seen of each), dependencies.ts (who asks).
import type { Bytes } from '../../abi/bytes.ts';
import { O_RDONLY } from '../../abi/flags.ts';
import { errorText } from '../../cli/errno.ts';
import { visible } from '../../cli/say.ts';
import { dependencyWords, type DependencyWords, namesDependency, wayTo } from '../../formats/dependency.ts';
import { isErrno } from '../../host/calls.ts';
import { openLinked, REGULAR_FILE } from '../../host/safe-open.ts';
import { sys } from '../../host/sys.ts';
import type { Followed, Order } from './followed.ts';
import type { LivePair } from './pair.ts';
import { entriesOf } from './sight.ts';

/** Who looks at services, for those beside `path`. */
export type Looker = Pick<LivePair, 'loop' | 'diagnostics' | 'path'>;

/** How long until the first look where no event tells. */
export const LOOK_MS = 420;
/** A service has no more dependencies, and a cycle no more members. */
const MOST = 1000;
const WORDS_MAX = 256;

export const warnOnce = ({ diagnostics }: Looker, { told }: Order, line: Bytes): void => {
  if (told.has(line)) return;
  told.add(line);
  diagnostics.warn(line);
};

export const besideOf = ({ path }: Looker): Bytes => (path === '' ? '..' : path.slice(0, path.lastIndexOf('/')) || '/');
const selfOf = ({ path }: LivePair): Bytes => path.slice(path.lastIndexOf('/') + 1);

export const namesIn = (folder: Bytes): readonly Bytes[] => {
  const names = entriesOf(folder);
  return isErrno(names) ? [] : names.filter(namesDependency).sort().slice(0, MOST);
};

export const wordsOf = (live: LivePair, order: Order, name: Bytes): DependencyWords => {
  const file = `dependencies.d/${name}`;
  const fd = openLinked(live.main.folder + file, O_RDONLY, REGULAR_FILE);
  const text = isErrno(fd) ? fd : sys.read(fd, WORDS_MAX);
  if (!isErrno(fd)) sys.close(fd);
  if (isErrno(text)) warnOnce(live, order, `unable to read ${visible(file)}, ignored: ${errorText(text)}`);
  const words = dependencyWords(isErrno(text) ? '' : text);
  for (const word of words.unknown) {
    warnOnce(live, order, `${visible(file)}: not optional or restart: '${visible(word)}', ignored`);
  }
  return words;
};

export const newFollowed = (live: Looker, name: Bytes): Followed => ({
  name,
  path: `${besideOf(live)}/${name}`,
  optional: false,
  restart: false,
  fifo: null,
  watch: -1,
  folderWatch: -1,
  verdict: 'unmet',
  pull: false,
  pid: 0,
  check: null,
  passed: 0,
  askMs: 0,
  nextMs: null,
  pauseMs: LOOK_MS,
});

/** A service cannot wait for what waits for it. Whether a dependency is on a cycle through the service itself, which is told. */
export const isOnCycle = (live: LivePair, order: Order): ((one: Followed) => boolean) => {
  const self = selfOf(live);
  const known = new Map<Bytes, readonly Bytes[]>();
  const namesOf = (name: Bytes): readonly Bytes[] => {
    const names = known.get(name) ?? (known.size < MOST ? namesIn(`${besideOf(live)}/${name}/`) : []);
    known.set(name, names);
    return names;
  };
  return ({ name }) => {
    const way = self === '' ? null : name === self ? [] : wayTo(name, self, namesOf);
    if (way === null) return false;
    const round = visible([self, name, ...way].join(' -> '));
    warnOnce(live, order, `${round} is a cycle of dependencies, not waiting for ${visible(name)}`);
    return true;
  };
};
