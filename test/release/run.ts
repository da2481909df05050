// What strangers get: make install, tarballs, checksums, the list of parts, packages, images.
//
// --lint: also what lintian, rpmlint and spdx-tools say. --full: also what takes minutes: Debian 13, packages beside Debian's own, builds
// from the source archive, an arm64 container. Read next: install.ts, archive.ts, debian.ts, packages.ts, images.ts, source.ts;
// ../lib/runner.ts.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseOptions } from '../lib/options.ts';
import { mustRun } from '../lib/run.ts';
import { Suite, type Test } from '../lib/runner.ts';
import { makeTemporary } from '../lib/temporary.ts';
import { hasSums, isComplete, isReproducible, isSigned, namesParts, pack } from './archive.ts';
import { besideDebians, foreignPackages, releaseDirectory } from './beside.ts';
import { type Debian, installsAndPurges, licencesAreUpstreams, lintianIsSilent, pagesHold, prepare } from './debian.ts';
import { foreignImageRuns, indexHolds } from './images.ts';
import { installsAndUninstalls, refusesBadPrefix, sparesOthers } from './install.ts';
import { apkIsSound, apkLives, rpmLives, rpmlintIsSilent, spdxToolsAreSilent } from './packages.ts';
import { buildsOffline, packSource, recipeHolds, sourceIsReproducible } from './source.ts';

const values = parseOptions({
  lint: { type: 'boolean', default: false },
  full: { type: 'boolean', default: false },
});
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
  const sources = once(async () => packSource(freshDir(), await release()));
  const skipReason = process.getuid?.() === 0 ? undefined : 'wants root';

  const installing = (title: string, attempt: (dir: string) => Promise<void>): Test => ({
    title,
    attempt: () => attempt(freshDir()),
  });
  const packing = (title: string, attempt: (dir: string, release: string) => Promise<void>): Test => ({
    title,
    attempt: async () => attempt(freshDir(), await release()),
  });
  const asRoot = (title: string, attempt: (dir: string, release: string) => Promise<void>): Test => ({
    ...packing(title, attempt),
    skipReason,
  });
  const fromSource = (title: string, attempt: (dir: string, sources: string) => Promise<void>): Test => ({
    title,
    skipReason,
    attempt: async () => attempt(freshDir(), await sources()),
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
        const scripts = 'build/install.sh build/node.sh build/release/*.sh test/arch/fetch.sh test/release/*.sh';
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
    installing('a signature vouches for SHA256SUMS, and not for changed ones', isSigned),
    packing("Alpine's packages have the sums that apk holds them to", apkIsSound),
    asRoot("RPM's packages install, upgrade while a service runs, and leave nothing", rpmLives),
    asRoot("Alpine's packages unpack, a service runs through an upgrade, and their lists name all there is", apkLives),
    installing('an index of images has each processor, labels and time; the same bytes twice', indexHolds),
    onDebian(
      'packages install beside others and in their place, upgrade, and leave nothing',
      installsAndPurges('bookworm'),
    ),
    onDebian('the commands of pages that tell of releases do what they say', pagesHold),
    ...(values.lint
      ? [
          onDebian('lintian has nothing to say against the packages', lintianIsSilent),
          packing('rpmlint has nothing to say against the packages', rpmlintIsSilent),
          packing('spdx-tools have nothing to say against the list of parts', spdxToolsAreSilent),
        ]
      : []),
    ...(values.full
      ? [
          onDebian('Debian 13: packages install, upgrade, and leave nothing', installsAndPurges('trixie')),
          onDebian("Debian 12: beside runit and its services, and in runit's place", besideDebians('bookworm', work)),
          onDebian("Debian 13: beside runit and its services, and in runit's place", besideDebians('trixie', work)),
          onDebian('packages of other processors install and leave nothing', foreignPackages(releaseDirectory)),
          fromSource('the source archive is the same under another umask, path and time zone', sourceIsReproducible),
          fromSource("Alpine's recipe names the sum, and splits the packages", recipeHolds),
          fromSource(
            'Debian 12: a source package builds the same packages without a network',
            buildsOffline('bookworm', work),
          ),
          fromSource(
            'Debian 13: a source package builds without a network, and its packages install',
            buildsOffline('trixie', work),
          ),
          {
            ...installing('podman runs a service in a container of arm64, and TERM ends it', foreignImageRuns),
            skipReason,
          },
        ]
      : []),
  ];
  await suite.play(suite.choose(tests));
});
