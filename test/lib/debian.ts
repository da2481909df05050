// Debian's packages for the roots that tests make: from where this machine has its own, with its proxies.
//
// Promises: all of apt's files are read (build/apt-sources.sh); no archive is named here. Where this machine has none of
// Debian's, mmdebstrap takes its own. Read next: init/roots.ts, docker/images.ts, fresh/bases.ts.
// A root is made once, and kept in .cache under a name that its packages and their sources give it.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { mustRun } from './run.ts';

const SCRIPT = join(import.meta.dirname, '../../build/apt-sources.sh');

export type Codename = 'bookworm' | 'trixie';

const text = (file: string, args: readonly string[]): string => execFileSync(file, args, { encoding: 'utf8' });
const lines = (all: string): readonly string[] => all.split('\n').filter((line) => line !== '');

/** How this machine's apt fetches: proxies, certificates, what it does not check. */
const fetching = (): readonly string[] =>
  lines(text('apt-config', ['dump'])).filter((line) =>
    /^Acquire::(https?|ftp|Check-|Retries|By-Hash|ForceIPv)[^ ]* "[^"]+";$/.test(line),
  );

export interface Wanted {
  readonly codename: Codename;
  readonly packages: readonly string[];
  readonly options?: readonly string[];
}

/** The arguments of mmdebstrap for a small root at `target`; the same wish gives the same arguments. */
const mmdebstrap = ({ codename, packages, options = [] }: Wanted, target: string): readonly string[] => [
  ...['mmdebstrap', '--quiet', '--mode=root', '--variant=minbase', ...options],
  ...(packages.length === 0 ? [] : [`--include=${packages.join(',')}`]),
  ...fetching().map((line) => `--aptopt=${line}`),
  ...[codename, target, ...lines(text(SCRIPT, [codename]))],
];

/** A name for what these arguments make. */
const nameOf = (wanted: Wanted): string =>
  `${wanted.codename}-${createHash('sha256').update(mmdebstrap(wanted, '').join('\n')).digest('hex').slice(0, 8)}`;

const CACHE = join(import.meta.dirname, '../../.cache');
const MAKING_MS = 600_000;

/** The packed root, in a directory of .cache; made where it is not there. `label` goes in front of its name. */
export const packedRoot = async (wanted: Wanted, place: string, label = ''): Promise<string> => {
  const dir = join(CACHE, place);
  const tar = join(dir, `${label}${nameOf(wanted)}.tar`);
  if (existsSync(tar)) return tar;
  mkdirSync(dir, { recursive: true });
  const made = `${tar}.${process.pid}.tar`;
  await mustRun(mmdebstrap(wanted, made), { timeoutMs: MAKING_MS });
  renameSync(made, tar);
  return tar;
};

const unpack = async (packages: readonly string[], dir: string): Promise<string> => {
  const made = `${dir}.${process.pid}`;
  mkdirSync(join(made, 'root'), { recursive: true });
  try {
    await mustRun(['apt-get', 'download', '-q', ...packages], { cwd: made, timeoutMs: MAKING_MS });
    await mustRun(['sh', '-c', 'for deb in *.deb; do dpkg-deb -x "$deb" root; rm "$deb"; done'], { cwd: made });
  } catch (cause) {
    rmSync(made, { recursive: true, force: true });
    throw cause;
  }
  renameSync(made, dir);
  return dir;
};

/** What is being unpacked: several cases may want the same at once. */
const unpacking = new Map<string, Promise<string>>();

/** These packages unpacked, none installed, in a directory of .cache. */
export const unpackedPackages = (packages: readonly string[]): Promise<string> => {
  const id = createHash('sha256').update(packages.join(' ')).digest('hex').slice(0, 8);
  const dir = join(CACHE, 'operations', `packages-${id}`);
  const made = unpacking.get(dir) ?? (existsSync(dir) ? Promise.resolve(dir) : unpack(packages, dir));
  unpacking.set(dir, made);
  return made;
};
