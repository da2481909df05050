// Programs out of Debian's packages, unpacked and not installed: nothing of them starts by itself on this machine.
//
// What the machine has already is taken from where it is. Read next: ../lib/debian.ts, servers.ts, readiness.ts.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { unpackedPackages } from '../lib/debian.ts';

export const FOR_PACKAGES: readonly string[] = ['apt-get', 'dpkg-deb', 'apt-cache'];

/** What apt would install for these packages: themselves and what they depend on, as far as it is missing. */
const missingOf = (packages: readonly string[]): readonly string[] =>
  execFileSync('apt-get', ['-s', '--no-install-recommends', 'install', ...packages], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
    .split('\n')
    .flatMap((line) => /^Inst (\S+) \(/.exec(line)?.[1] ?? []);

export interface Programs {
  /** For a shell script: the programs come first in PATH, with their libraries. */
  readonly setUp: string;
  /** Where the packages are unpacked. */
  readonly root: string;
  /** The path of a file of the packages, or of this machine: each step is a name or a pattern. */
  find(...steps: readonly (string | RegExp)[]): string;
}

const found = (dir: string, [step, ...others]: readonly (string | RegExp)[]): string | undefined => {
  if (step === undefined) return existsSync(dir) ? dir : undefined;
  if (typeof step === 'string') return found(join(dir, step), others);
  const names = existsSync(dir) ? readdirSync(dir).filter((name) => step.test(name)) : [];
  return names
    .map((name) => found(join(dir, name), others))
    .filter((path) => path !== undefined)
    .at(-1);
};

const librariesBelow = (root: string): readonly string[] =>
  ['lib', 'usr/lib']
    .map((lib) => join(root, lib))
    .flatMap((lib) => (existsSync(lib) ? readdirSync(lib).map((name) => join(lib, name)) : []))
    .flatMap((lib) => [lib, join(lib, 'systemd')]);

const programsIn = (place: string): Programs => {
  const root = join(place, 'root');
  const path = ['usr/sbin', 'usr/bin', 'bin'].map((bin) => join(root, bin)).join(':');
  return {
    root,
    setUp: `export PATH=${path}:$PATH PYTHONPATH=${root}/usr/lib/python3/dist-packages LD_LIBRARY_PATH=${librariesBelow(root).join(':')}`,
    find(...steps) {
      const file = found(root, steps) ?? found('/', steps);
      if (file === undefined) throw new Error(`no file ${steps.join('/')} in the packages, nor on this machine`);
      return file;
    },
  };
};

/** These packages alone. */
export const unpacked = async (packages: readonly string[]): Promise<Programs> =>
  programsIn(await unpackedPackages(packages));

/** These packages, and what they depend on. */
export const unpackedWhole = async (packages: readonly string[]): Promise<Programs> => {
  const missing = missingOf(packages);
  return missing.length === 0 ? programsIn('/nonexistent') : unpacked(missing);
};
