// Names of services with patterns in them: each pattern stands for the services of SVDIR that match.
//
// Promises: a directory that has literally this name comes first, as in runit; a path is no pattern, the shell has those; a
// service that is named already is not added again. A pattern that matches nothing is told in one line and counts as a failure.
// Read next: ../formats/pattern.ts, snapshots.ts (which names are services).
import type { Bytes } from '../abi/bytes.ts';
import { errorText } from '../cli/errno.ts';
import { err, visible } from '../cli/say.ts';
import { isPattern, matcher } from '../formats/pattern.ts';
import { enterable, lookup, namesPath } from './service.ts';
import { isDirectory, namesIn } from './snapshots.ts';

export interface Expanded {
  readonly names: readonly Bytes[];
  /** How many patterns match nothing. */
  readonly failed: number;
}

/** Services that match `pattern`, or `PATTERN/log`: only those that have a log. */
const matching = (pattern: Bytes, dir: Bytes, all: readonly Bytes[]): readonly Bytes[] => {
  const slash = pattern.indexOf('/');
  if (slash < 0) return all.filter(matcher(pattern));
  const rest = pattern.slice(slash);
  const names = all.filter(matcher(pattern.slice(0, slash))).map((name) => name + rest);
  return names.filter((name) => enterable(`${dir}/${name}`) === 0);
};

const isMeantAsPattern = (name: Bytes, dir: Bytes): boolean =>
  isPattern(name) && !namesPath(name) && !isDirectory(`${dir}/${name}`);

const NOTHING = 'no service matches';

/** `dir`: where the names are looked up. */
export const expandNames = (given: readonly Bytes[], dir: Bytes = lookup().dir): Expanded => {
  const names = new Set<Bytes>();
  const repeated: Bytes[] = [];
  let all: readonly Bytes[] | number | null = null;
  let failed = 0;
  for (const name of given) {
    if (!isMeantAsPattern(name, dir)) {
      repeated.push(name);
      names.add(name);
      continue;
    }
    all ??= namesIn(dir);
    const found = typeof all === 'number' ? [] : matching(name, dir, all);
    if (found.length === 0) {
      const why = typeof all === 'number' ? `unable to read ${dir}: ${errorText(all)}` : `${NOTHING} in ${dir}`;
      err(`sv: ${visible(name)}: ${visible(why)}\n`);
      failed++;
    }
    repeated.push(...found.filter((each) => !names.has(each)));
    for (const each of found) names.add(each);
  }
  return { names: repeated, failed };
};
