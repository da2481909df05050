// What strangers get: make install, tarballs, checksums, the list of parts, Debian's packages.
//
// --lintian: also what lintian says of the packages. Read next: install.ts, archive.ts, debian.ts; ../lib/runner.ts.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseOptions } from '../lib/options.ts';
import { mustRun } from '../lib/run.ts';
import { Suite, type Test } from '../lib/runner.ts';
import { makeTemporary } from '../lib/temporary.ts';
import { hasSums, isComplete, isReproducible, namesParts, pack } from './archive.ts';
import { type Debian, installsAndPurges, licencesAreUpstreams, lintianIsSilent, pagesHold, prepare } from './debian.ts';
import { installsAndUninstalls, refusesBadPrefix, sparesOthers } from './install.ts';

const values = parseOptions({ lintian: { type: 'boolean', default: false } });
const suite = new Suite(values, { jobs: 2 });

/** Made once, by whoever is the first to want it. */
const once = <T>(make: () => Promise<T>): (() => Promise<T>) => {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
};

await suite.run(async () => {
  const work = makeTemporary('release');
  suite.defer(() => rmSync(work, { recursive: true, force: true }));
  let dirs = 0;
  const freshDir = (): string => {
    const dir = join(work, String(dirs++));
    mkdirSync(dir);
    return dir;
  };
  const release = once(async () => {
    const dir = join(work, 'release');
    await pack(dir);
    return dir;
  });
  const debian = once(async () => prepare(work, await release()));
  const skipReason = process.getuid?.() === 0 ? undefined : 'wants root';

  const installing = (title: string, attempt: (dir: string) => Promise<void>): Test => ({
    title,
    attempt: () => attempt(freshDir()),
  });
  const packing = (title: string, attempt: (dir: string, release: string) => Promise<void>): Test => ({
    title,
    attempt: async () => attempt(freshDir(), await release()),
  });
  const onDebian = (title: string, attempt: (debian: Debian) => Promise<void>): Test => ({
    title,
    skipReason,
    attempt: async () => attempt(await debian()),
  });
  const tests: readonly Test[] = [
    installing(
      'make install puts all in place, relative links included; uninstall leaves nothing',
      installsAndUninstalls,
    ),
    installing('make install and uninstall leave alone what others have, unless forced', sparesOthers),
    installing('make install takes no relative PREFIX', refusesBadPrefix),
    {
      title: 'shellcheck has nothing to say against the scripts that install and pack',
      attempt: async () => {
        const scripts = 'build/install.sh build/release/*.sh test/arch/fetch.sh';
        await mustRun(['sh', '-c', `shellcheck --severity=warning ${scripts}`], {
          cwd: join(import.meta.dirname, '../..'),
        });
      },
    },
    { title: 'the licences in a release are those of the parts', attempt: licencesAreUpstreams },
    packing('a release is the same, byte for byte, under another umask, path and time zone', isReproducible),
    packing('a tarball is what make install makes, owned by root, with all licences', isComplete),
    packing('SHA256SUMS names each file, and sees a changed one', hasSums),
    packing('the list of parts has what SPDX 2.3 requires, and names engine, C library and packages', namesParts),
    onDebian('packages install beside others and in their place, upgrade, and leave nothing', installsAndPurges),
    onDebian('the commands of pages that tell of releases do what they say', pagesHold),
    ...(values.lintian ? [onDebian('lintian has nothing to say against the packages', lintianIsSilent)] : []),
  ];
  await suite.play(suite.choose(tests));
});
