// Writes an archive of images for all processors, as the OCI lays them out, to standard output; neither an engine nor a network is
// needed: oci.ts VERSION REVISION PROCESSOR=EXECUTABLE...   The first executable runs here; it names the programs.
//
//   VERSION          the carrier, for COPY --from=: executable, links, licence
//   VERSION-static   the same with users, /tmp and /etc/service; it supervises what is in there
//
// Both are those of the Dockerfile, and each name is an index from which an engine takes the image of its processor. Promises: the same
// executables and $SOURCE_DATE_EPOCH give the same bytes. Read next: tar.ts, ../../Dockerfile.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { END, type Entry, tarEntry } from './tar.ts';

const ROOT = join(import.meta.dirname, '../..');
const [version, revision, ...executables] = process.argv.slice(2);
const epoch = Number(process.env['SOURCE_DATE_EPOCH']);

interface Platform {
  readonly architecture: string;
  readonly os: 'linux';
  readonly variant?: string;
}
/** Names of the kernel's for processors -> those of the OCI, which are Go's. */
const PLATFORMS: Readonly<Record<string, Platform>> = {
  x86_64: { architecture: 'amd64', os: 'linux' },
  arm64: { architecture: 'arm64', os: 'linux' },
  armv7: { architecture: 'arm', os: 'linux', variant: 'v7' },
  i386: { architecture: '386', os: 'linux' },
  riscv64: { architecture: 'riscv64', os: 'linux' },
  ppc64le: { architecture: 'ppc64le', os: 'linux' },
  s390x: { architecture: 's390x', os: 'linux' },
};
const images = executables.map((word) => {
  const [name = '', file = ''] = word.split('=');
  return { platform: PLATFORMS[name], file };
});
if (
  version === undefined ||
  revision === undefined ||
  images.length === 0 ||
  !Number.isInteger(epoch) ||
  images.some(({ platform, file }) => platform === undefined || file === '')
) {
  const names = Object.keys(PLATFORMS).join(', ');
  console.error(`oci.ts: expected VERSION REVISION PROCESSOR=FILE..., of ${names}, and seconds in SOURCE_DATE_EPOCH`);
  process.exit(2);
}
const created = new Date(epoch * 1000).toISOString().replace('.000', '');

const blobs = new Map<string, Buffer>();
interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}
const digestOf = (data: Buffer): string => `sha256:${createHash('sha256').update(data).digest('hex')}`;
const blob = (mediaType: string, data: Buffer): Descriptor => {
  const digest = digestOf(data);
  blobs.set(`blobs/${digest.replace(':', '/')}`, data);
  return { mediaType, digest, size: data.length };
};
const json = (mediaType: string, value: object): Descriptor => blob(mediaType, Buffer.from(JSON.stringify(value)));
const TYPE = 'application/vnd.oci.image';

interface Layer {
  readonly descriptor: Descriptor;
  readonly diffId: string;
}
const layerOf = (entries: readonly Entry[]): Layer => {
  const data = Buffer.concat([...entries.map(tarEntry), END]);
  return {
    descriptor: blob(`${TYPE}.layer.v1.tar+gzip`, gzipSync(data, { level: 9 })),
    diffId: digestOf(data),
  };
};
const directory = (path: string, mode = 0o755): Entry => ({ path: `${path}/`, mode, epoch });
const fileOf = (path: string, data: Buffer, mode = 0o644): Entry => ({ path, data, mode, epoch });

const programs = execFileSync(images[0]?.file ?? '', ['--list'], { encoding: 'utf8' })
  .trim()
  .split('\n');
const carrier = (file: string): Layer =>
  layerOf([
    ...['usr', 'usr/local', 'usr/local/bin'].map((path) => directory(path)),
    fileOf('usr/local/bin/runitbox', readFileSync(file), 0o755),
    ...programs.map((name) => ({ path: `usr/local/bin/${name}`, link: 'runitbox', mode: 0o777, epoch })),
    ...['usr/local/share', 'usr/local/share/doc', 'usr/local/share/doc/runitbox'].map((path) => directory(path)),
    fileOf('usr/local/share/doc/runitbox/LICENSE', readFileSync(join(ROOT, 'LICENSE'))),
  ]);

/** What an image without a shell cannot make by itself; as in the Dockerfile. */
const USERS = `root:x:0:0:root:/root:/sbin/nologin
nobody:x:65534:65534:nobody:/:/sbin/nologin
nonroot:x:65532:65532:nonroot:/:/sbin/nologin
`;
const GROUPS = 'root:x:0:\nnogroup:x:65534:\nnonroot:x:65532:\n';
const skeleton = layerOf([
  directory('etc'),
  directory('etc/service'),
  fileOf('etc/passwd', Buffer.from(USERS)),
  fileOf('etc/group', Buffer.from(GROUPS)),
  directory('root'),
  directory('run'),
  directory('tmp', 0o1777),
]);

const labels = (description: string): Readonly<Record<string, string>> => ({
  'org.opencontainers.image.title': 'runitbox',
  'org.opencontainers.image.description': description,
  'org.opencontainers.image.licenses': 'MIT',
  'org.opencontainers.image.version': version,
  'org.opencontainers.image.revision': revision,
});

interface Image {
  readonly name: string;
  readonly description: string;
  readonly below: readonly Layer[];
  readonly config: object;
}
const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const IMAGES: readonly Image[] = [
  {
    name: version,
    description: 'The runit suite in one executable, to be copied from',
    below: [],
    config: { Env: [PATH] },
  },
  {
    name: `${version}-static`,
    description: 'Supervises the services in /etc/service; nothing else',
    below: [skeleton],
    config: {
      Env: [PATH],
      Entrypoint: ['runsvdir', '-P', '--subreaper', '/etc/service'],
      StopSignal: 'SIGTERM',
    },
  },
];

const carriers = new Map(images.map(({ file }) => [file, carrier(file)]));
const indexOf = ({ name, description, below, config }: Image): Descriptor & { readonly annotations: object } => {
  const annotations = labels(description);
  const manifests = images.map(({ platform, file }) => {
    const layers = [...below, carriers.get(file)].filter((layer) => layer !== undefined);
    const about = json(`${TYPE}.config.v1+json`, {
      created,
      ...platform,
      config: { ...config, Labels: annotations },
      rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
      history: layers.map(() => ({ created, created_by: 'build/release/oci.ts' })),
    });
    const manifest = json(`${TYPE}.manifest.v1+json`, {
      schemaVersion: 2,
      mediaType: `${TYPE}.manifest.v1+json`,
      config: about,
      layers: layers.map(({ descriptor }) => descriptor),
      annotations,
    });
    return { ...manifest, platform };
  });
  const index = { schemaVersion: 2, mediaType: `${TYPE}.index.v1+json`, manifests, annotations };
  return { ...json(`${TYPE}.index.v1+json`, index), annotations: { 'org.opencontainers.image.ref.name': name } };
};

const index = { schemaVersion: 2, mediaType: `${TYPE}.index.v1+json`, manifests: IMAGES.map(indexOf) };
const entries = [
  fileOf('oci-layout', Buffer.from('{"imageLayoutVersion":"1.0.0"}')),
  fileOf('index.json', Buffer.from(JSON.stringify(index))),
  directory('blobs'),
  directory('blobs/sha256'),
  ...[...blobs].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([path, data]) => fileOf(path, data)),
];
process.stdout.write(Buffer.concat([...entries.map(tarEntry), END]));
