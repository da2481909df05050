// The images that the cases run: base images under their public names, ours built from source, and test services in them.
//
// Promises: where no registry can be asked, a base image is a local one of the same name, and that is told. Nothing but the
// base images is made outside the engine. Read next: engine.ts; docker/README.md (what is built).
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { packedRoot } from '../lib/debian.ts';
import type { Engine } from './engine.ts';
import { mustRun } from '../lib/run.ts';

const ROOT = join(import.meta.dirname, '../..');
export const DEBIAN = 'debian:12-slim';
export const ALPINE = 'alpine:3.22';
/** The targets of the Dockerfile that hold a supervisor. */
export const KINDS = ['static', 'distroless', 'alpine', 'debian'] as const;
export type Kind = (typeof KINDS)[number];

const CERTIFICATES = '/usr/local/share/ca-certificates';

/** Debian's own packages, from where this machine has its packages; kept between runs. */
const debianTar = (): Promise<string> =>
  packedRoot({ codename: 'bookworm', packages: [] }, 'docker', 'debian-12-slim-');

// The public image does not sync each file either. Certificates: what this machine trusts to reach its packages.
const DEBIAN_FINISH = `FROM debian-tar
COPY certificates/ ${CERTIFICATES}/
RUN echo force-unsafe-io > /etc/dpkg/dpkg.cfg.d/docker-apt-speedup
ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
`;

const importDebian = async (engine: Engine, work: string): Promise<void> => {
  const context = join(work, 'debian');
  mkdirSync(join(context, 'certificates'), { recursive: true });
  if (existsSync(CERTIFICATES)) cpSync(CERTIFICATES, join(context, 'certificates'), { recursive: true });
  writeFileSync(join(context, 'Dockerfile'), DEBIAN_FINISH);
  await engine.docker('import', '--change', 'CMD ["bash"]', await debianTar(), 'debian-tar');
  await engine.docker('build', '-q', '--network', 'none', '-t', DEBIAN, context);
};

const importAlpine = async (engine: Engine, work: string): Promise<void> => {
  const dir = join(work, 'alpine');
  for (const each of ['bin', 'sbin', 'usr/bin', 'usr/sbin', 'etc', 'proc', 'sys', 'dev', 'run', 'root', 'var/log'])
    mkdirSync(join(dir, each), { recursive: true });
  mkdirSync(join(dir, 'tmp'), { mode: 0o1777 });
  cpSync('/bin/busybox', join(dir, 'bin/busybox'));
  writeFileSync(join(dir, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n');
  writeFileSync(join(dir, 'etc/group'), 'root:x:0:\nnogroup:x:65534:\n');
  await mustRun(['chroot', dir, '/bin/busybox', '--install', '-s']);
  await mustRun(['tar', '-C', dir, '-cf', `${dir}.tar`, '.']);
  await engine.docker('import', '--change', 'CMD ["sh"]', `${dir}.tar`, ALPINE);
};

/** Base images under the names that the Dockerfiles use. */
export const makeBases = async (engine: Engine, work: string): Promise<void> => {
  console.log(
    `        no registry is asked: ${DEBIAN} is made of Debian's packages, ${ALPINE} stands for BusyBox alone`,
  );
  await Promise.all([importDebian(engine, work), importAlpine(engine, work)]);
};

/** `docker build .`, with every target. */
export const buildOurs = async (engine: Engine): Promise<void> => {
  const build = (...words: readonly string[]): Promise<string> =>
    engine.docker('build', '--network', 'host', '--build-arg', 'REVISION=tested', ...words, ROOT);
  await build('-t', 'runitbox');
  await Promise.all([...KINDS, 'nonroot'].map((target) => build('--target', target, '-t', `runitbox:${target}`)));
};

const EXAMPLES = ['web', 'stack', 'cron', 'command', 'nonroot'] as const;

export const buildExamples = async (engine: Engine): Promise<void> => {
  const build = (name: string): Promise<string> =>
    engine.docker('build', '--network', 'host', '-t', `example-${name}`, join(ROOT, 'docker/examples', name));
  await Promise.all(EXAMPLES.map(build));
};

/** Service -> the names under which its directory has the test program; `down` is a plain file. */
const SERVICES: Readonly<Record<string, readonly string[]>> = {
  app: ['run', 'finish', 'check', 'log/run'],
  other: ['run', 'finish'],
  eater: ['run', 'finish', 'down'],
  filler: ['run', 'finish', 'down'],
};

const layServices = (context: string): void => {
  for (const [service, names] of Object.entries(SERVICES)) {
    for (const name of names) {
      const path = join(context, 'service', service, name);
      mkdirSync(dirname(path), { recursive: true });
      if (basename(name) === 'down') writeFileSync(path, '');
      else symlinkSync('/usr/local/bin/service', path);
    }
  }
};

const dockerfile = (kind: Kind): string => `FROM runitbox:${kind}
COPY program /usr/local/bin/service
COPY service /etc/service
HEALTHCHECK --interval=1s --timeout=20s --retries=2 CMD ["sv", "-w", "1", "check", "app"]
`;

/** An image of each kind with the same four services, of a program that is linked as that image likes it. */
export const buildTested = async (engine: Engine, work: string): Promise<void> => {
  const build = async (kind: Kind): Promise<void> => {
    const context = join(work, `tested-${kind}`);
    mkdirSync(context);
    const compiler = kind === 'distroless' || kind === 'debian' ? ['gcc'] : ['musl-gcc', '-static'];
    await mustRun([...compiler, '-O1', '-o', join(context, 'program'), join(import.meta.dirname, 'image/service.c')]);
    layServices(context);
    writeFileSync(join(context, 'Dockerfile'), dockerfile(kind));
    await engine.docker('build', '-q', '--network', 'none', '-t', `tested:${kind}`, context);
  };
  await Promise.all(KINDS.map(build));
};

/** The text of a file of the repository. */
export const ownFile = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
