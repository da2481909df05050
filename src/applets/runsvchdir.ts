// runsvchdir: switches `current` to another set of services, and keeps the last one as `previous`.
//
// Promises: `current` is there at every moment, and leads to the old directory or to the new one; whatever fails, it
// leads to one of them. A change that was cut short, C's too, is brought to its end by the next one.
import { errorText } from '../cli/errno.ts';
import { err, out } from '../cli/say.ts';
import type { Bytes } from '../abi/bytes.ts';
import { type Errno, type RawStat, isErrno } from '../host/calls.ts';
import { EINVAL, ENOENT, ENOSYS } from '../abi/errno.ts';
import { S_IFDIR, S_IFLNK, S_IFMT } from '../abi/flags.ts';
import { sys } from '../host/sys.ts';
import type { Applet } from '../cli/applet.ts';

const HOME = '/etc/runit/runsvdir';
const USAGE_CODE = 1;
const FATAL_CODE = 111;
/** What a file system says that cannot exchange names, or a kernel. */
const NO_EXCHANGE: readonly number[] = [-EINVAL, -ENOSYS];

class Refusal extends Error {}

const must = <T>(result: T | Errno, what: Bytes): T => {
  if (isErrno(result)) throw new Refusal(`${what}: ${errorText(result)}`);
  return result;
};

const isLink = (path: Bytes): boolean => {
  const stat = sys.lstat(path);
  return !isErrno(stat) && (stat[0] & S_IFMT) === S_IFLNK;
};

const removeIfThere = (path: Bytes): void => {
  const removed = sys.unlink(path);
  if (removed !== -ENOENT) must(removed, `unable to unlink: ${path}`);
};

const homeOf = (): Bytes => {
  const entry = sys.environ().find((text) => text.startsWith('RUNSVDIR='));
  return entry === undefined ? HOME : entry.slice('RUNSVDIR='.length);
};

const sameDirectory = (one: RawStat, other: RawStat): boolean =>
  [1, 2, 3].every((field) => one[field] === other[field]);

/** A link to `previous` would lead to itself at the next change: what it leads to is taken in its place. */
const targetFor = (dir: Bytes): Bytes => {
  const target = dir === 'previous' ? sys.readlink(dir) : dir;
  return isErrno(target) ? dir : target;
};

/** Where `current` is a link: a second link is made to where it leads. */
const keepLink = (): void => {
  must(
    sys.symlink(must(sys.readlink('current'), 'unable to read: current'), 'previous.new'),
    'unable to create: previous.new',
  );
  must(sys.rename('previous.new', 'previous'), 'unable to copy: current to previous');
  must(sys.rename('current.new', 'current'), 'unable to move: current.new to current');
};

/**
 * Where `current` is a directory: it changes places with the new link, and then its name. A file system without that exchange
 * has no `current` between two renames.
 */
const keepDirectory = (): void => {
  removeIfThere('previous');
  must(sys.rename('current.new', 'previous.new'), 'unable to move: current.new to previous.new');
  const exchanged = sys.exchange('previous.new', 'current');
  if (!isErrno(exchanged)) {
    must(sys.rename('previous.new', 'previous'), 'unable to move: current to previous');
    return;
  }
  if (!NO_EXCHANGE.includes(exchanged)) must(exchanged, 'unable to move: previous.new to current');
  must(sys.rename('current', 'previous'), 'unable to move: current to previous');
  must(sys.rename('previous.new', 'current'), 'unable to move: previous.new to current');
};

/** Ends what another run began: the new link is there, but not in its place; or the old directory, with a name that it has no more. */
const settle = (): void => {
  const left = ['previous.new', 'current.new'].find(isLink);
  if (left !== undefined && sys.lstat('current') === -ENOENT) {
    must(sys.rename(left, 'current'), `unable to move: ${left} to current`);
  }
  if (isLink('previous.new')) removeIfThere('previous.new');
  if (isErrno(sys.lstat('previous.new'))) return;
  removeIfThere('previous');
  must(sys.rename('previous.new', 'previous'), 'unable to move: previous.new to previous');
};

const change = (dir: Bytes): void => {
  const target = targetFor(dir);
  removeIfThere('current.new');
  must(sys.symlink(target, 'current.new'), `unable to create: current.new -> ${target}`);
  if (isLink('current')) keepLink();
  else keepDirectory();
};

/** What there is to be said of the change. */
const changeTo = (dir: Bytes): Bytes => {
  if (dir[0] === '.') throw new Refusal(`${dir}: must not start with a dot.`);
  const home = homeOf();
  must(sys.chdir(home), `unable to chdir: ${home}`);
  settle();
  const wanted = must(sys.stat(dir), dir);
  if ((wanted[0] & S_IFMT) !== S_IFDIR) throw new Refusal(`${dir}: not a directory.`);
  const current = must(sys.stat('current'), 'unable to stat: current');
  if (sameDirectory(wanted, current)) return `runsvchdir: ${dir}: current.\n`;
  change(dir);
  return `runsvchdir: ${dir}: now current.\n`;
};

const run = (argv: readonly Bytes[]): number => {
  const [argv0 = 'runsvchdir', dir] = argv;
  if (dir === undefined) {
    err(`usage: ${argv0} dir\n\n`);
    return USAGE_CODE;
  }
  try {
    out(changeTo(dir));
    return 0;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    err(`${argv0}: fatal: ${error.message}\n`);
    return FATAL_CODE;
  }
};

export const runsvchdir: Applet = {
  name: 'runsvchdir',
  summary: 'change to another set of services',
  folder: 'usr/sbin',
  help: {
    operands: 'dir',
    description:
      'Changes the link current in /etc/runit/runsvdir to dir, a name in that directory or a path, and the link previous to the ' +
      'former target of current. If runsvdir supervises current, it stops the services of the former set and starts those of ' +
      'the new one. The link current always exists.',
    options: [],
    lists: [
      {
        title: 'Environment',
        rows: [{ term: 'RUNSVDIR', text: 'directory of the links (default: /etc/runit/runsvdir)' }],
      },
    ],
    examples: [
      { command: 'runsvchdir single', text: 'change to the services in /etc/runit/runsvdir/single' },
      { command: 'runsvchdir previous', text: 'change back' },
    ],
    exitCodes: [
      { code: '0', text: 'dir is current' },
      { code: '1', text: 'wrong usage' },
      { code: '111', text: 'dir or current does not exist, or the links could not be created' },
    ],
  },
  run,
};
