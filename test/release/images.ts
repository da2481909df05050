// The archive of images: an index of all processors, read by skopeo; with podman an arm64 container runs from it, under qemu-user.
//
// Read next: foreign-image.ts (that container), run.ts.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { mustRun, run } from '../lib/run.ts';
import { PROCESSORS } from '../arch/processors.ts';
import { packageVersion, same } from './archive.ts';

const ROOT = join(import.meta.dirname, '../..');
const REVISION = 'deadbeef';

const fileOf = (processor: string): string => (processor === 'x86_64' ? 'dist/runitbox' : `dist/${processor}/runitbox`);

/** What is built at the moment. */
const built = (): readonly string[] =>
  ['x86_64', ...PROCESSORS.map(({ name }) => name)].filter((name) => existsSync(join(ROOT, fileOf(name))));

const write = (path: string, processors: readonly string[]): void => {
  const words = ['build/release/oci.ts', packageVersion, REVISION];
  const data = execFileSync(process.execPath, [...words, ...processors.map((name) => `${name}=${fileOf(name)}`)], {
    cwd: ROOT,
    env: { SOURCE_DATE_EPOCH: '1700000000' },
    maxBuffer: 1 << 28,
  });
  writeFileSync(path, data);
};

interface Platform {
  readonly architecture: string;
  readonly variant?: string;
}
interface Image {
  readonly Architecture: string;
  readonly Os: string;
  readonly Created: string;
  readonly Labels: Readonly<Record<string, string>>;
}

const NAMES: Readonly<Record<string, string>> = { x86_64: 'amd64', armv7: 'arm', i386: '386' };
const nameOf = (processor: string): string => NAMES[processor] ?? processor;

const inspect = async (reference: string, { architecture, variant }: Platform): Promise<Image> => {
  const which = ['--override-arch', architecture, ...(variant === undefined ? [] : ['--override-variant', variant])];
  return JSON.parse(await mustRun(['skopeo', 'inspect', ...which, reference])) as Image;
};

/** skopeo finds the image of each processor by the index, with the labels of the Dockerfile; a second writing gives the same bytes. */
export const indexHolds = async (dir: string): Promise<void> => {
  const [one, other] = [join(dir, 'one.tar'), join(dir, 'other.tar')];
  const processors = built();
  write(one, processors);
  write(other, processors);
  same('the same bytes twice', readFileSync(one).equals(readFileSync(other)), true);
  const wanted = [...readFileSync(join(ROOT, 'Dockerfile'), 'utf8').matchAll(/org\.opencontainers\.image\.(\w+)=/g)];
  for (const tag of [packageVersion, `${packageVersion}-static`]) {
    const reference = `oci-archive:${one}:${tag}`;
    const raw = JSON.parse(await mustRun(['skopeo', 'inspect', '--raw', reference])) as {
      readonly manifests: readonly { readonly platform: Platform }[];
    };
    same(
      `${tag}: processors`,
      raw.manifests.map(({ platform }) => platform.architecture),
      processors.map(nameOf),
    );
    for (const { platform } of raw.manifests) {
      const image = await inspect(reference, platform);
      const what = `${tag} for ${platform.architecture}`;
      same(what, [image.Os, image.Architecture], ['linux', platform.architecture]);
      same(`${what}: time`, image.Created, '2023-11-14T22:13:20Z');
      same(
        `${what}: labels`,
        Object.keys(image.Labels).toSorted(),
        [...new Set(wanted.map(({ 1: name }) => `org.opencontainers.image.${name}`))].toSorted(),
      );
      same(`${what}: version`, image.Labels['org.opencontainers.image.version'], packageVersion);
      same(`${what}: revision`, image.Labels['org.opencontainers.image.revision'], REVISION);
    }
  }
};

/** `podman run --platform linux/arm64` supervises a service; in namespaces that have binfmt_misc of their own. */
export const foreignImageRuns = async (dir: string): Promise<void> => {
  const archive = join(dir, 'images.tar');
  write(archive, ['x86_64', 'arm64']);
  const script = join(import.meta.dirname, 'foreign-image.ts');
  const { code, text } = await run([process.execPath, script, `${archive}:${packageVersion}-static`, dir], {
    cwd: ROOT,
    timeoutMs: 600_000,
  });
  if (code !== 0) throw new Error(`exit code ${code}\n${text.slice(-3000)}`);
};
