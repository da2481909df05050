// Lists the parts of an executable as SPDX 2.3, on standard output: sbom.ts EXECUTABLE PROCESSOR MUSL_VERSION GCC_VERSION
//
// Promises: the same input gives the same bytes; $SOURCE_DATE_EPOCH is the time. What is in the executable besides our sources: the engine,
// the C library, the compiler's run-time library, and each package that package.json depends on. Read next: make.sh.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Part {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly supplier: string;
  readonly purl: string;
  readonly download: string;
  readonly sha256?: string;
  readonly comment?: string;
}

const ROOT = join(import.meta.dirname, '../..');
const text = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

const fail = (message: string): never => {
  console.error(`sbom.ts: ${message}`);
  process.exit(2);
};

const [executable, processor, musl, gcc] = process.argv.slice(2);
if (executable === undefined || processor === undefined || !musl || !gcc)
  fail('expected EXECUTABLE PROCESSOR MUSL_VERSION GCC_VERSION');
const epoch = Number(process.env['SOURCE_DATE_EPOCH'] ?? fail('expected seconds in SOURCE_DATE_EPOCH, got nothing'));

interface Manifest {
  readonly version: string;
  readonly license: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly author?: string | { readonly name: string };
}
const manifest = JSON.parse(text('package.json')) as Manifest;

/** Of build/engine/fetch.sh, which holds the sources to it: upstream's archive and its sum. */
const engine = (): Part => {
  const [, download = '', date = ''] =
    /(https:\S*\/quickjs-(\d{4}-\d\d-\d\d)\.tar\.xz)/.exec(text('build/engine/fetch.sh')) ?? [];
  const sum = /quickjs-\d{4}-\d\d-\d\d\.tar\.xz "\$f" &&\s+archive_is "\$f" ([0-9a-f]{64})/.exec(
    text('build/engine/fetch.sh'),
  )?.[1];
  if (date === '' || sum === undefined) fail('build/engine/fetch.sh names no archive of QuickJS with its sha256');
  return {
    name: 'quickjs',
    version: date,
    license: 'MIT',
    supplier: 'Person: Fabrice Bellard',
    purl: `pkg:generic/quickjs@${date}?download_url=${encodeURIComponent(download)}`,
    download,
    sha256: sum ?? '',
    comment: 'Changed by build/engine/patch.ts: objects of the heap image are never freed.',
  };
};

const npmPart = (name: string): Part => {
  const { version, license, author } = JSON.parse(text(`node_modules/${name}/package.json`)) as Manifest;
  const person = typeof author === 'string' ? author : author?.name;
  return {
    name,
    version,
    license,
    supplier: person === undefined ? 'NOASSERTION' : `Person: ${person}`,
    purl: `pkg:npm/${name.replace('@', '%40')}@${version}`,
    download: 'NOASSERTION',
  };
};

const parts: readonly Part[] = [
  engine(),
  {
    name: 'musl',
    version: musl ?? '',
    license: 'MIT',
    supplier: 'Person: Rich Felker',
    purl: `pkg:generic/musl@${musl}`,
    download: `https://musl.libc.org/releases/musl-${musl}.tar.gz`,
  },
  {
    name: 'libgcc',
    version: gcc ?? '',
    license: 'GPL-3.0-or-later WITH GCC-exception-3.1',
    supplier: 'Organization: Free Software Foundation',
    purl: `pkg:generic/gcc@${gcc}`,
    download: 'https://gcc.gnu.org/',
    comment: 'Arithmetic that the processor has no instructions for.',
  },
  ...Object.keys(manifest.dependencies ?? {})
    .toSorted()
    .map(npmPart),
];

const sha256 = createHash('sha256')
  .update(readFileSync(executable ?? ''))
  .digest('hex');
const { version, license } = manifest;
const idOf = (name: string): string => `SPDXRef-Package-${name.replace(/[^A-Za-z0-9.-]/g, '-')}`;
const sums = (value: string) => [{ algorithm: 'SHA256', checksumValue: value }];

const packageOf = ({ name, version, license, supplier, purl, download, sha256, comment }: Part, purpose: string) => ({
  SPDXID: idOf(name),
  name,
  versionInfo: version,
  supplier,
  downloadLocation: download,
  filesAnalyzed: false,
  ...(sha256 === undefined ? {} : { checksums: sums(sha256) }),
  licenseConcluded: license,
  licenseDeclared: license,
  copyrightText: 'NOASSERTION',
  primaryPackagePurpose: purpose,
  externalRefs: [{ referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: purl }],
  ...(comment === undefined ? {} : { comment }),
});

const itself: Part = {
  name: 'runitbox',
  version,
  license,
  supplier: 'Organization: the runitbox authors',
  purl: `pkg:generic/runitbox@${version}?arch=${processor}`,
  download: 'NOASSERTION',
  sha256,
};

const relation = (from: string, type: string, to: string) => ({
  spdxElementId: from,
  relationshipType: type,
  relatedSpdxElement: to,
});

const title = `runitbox-${version}-linux-${processor}`;
const document = {
  spdxVersion: 'SPDX-2.3',
  dataLicense: 'CC0-1.0',
  SPDXID: 'SPDXRef-DOCUMENT',
  name: title,
  documentNamespace: `https://spdx.org/spdxdocs/${title}-${sha256.slice(0, 32)}`,
  creationInfo: {
    created: new Date(epoch * 1000).toISOString().replace('.000', ''),
    creators: ['Tool: runitbox-build-release-sbom', 'Organization: the runitbox authors'],
  },
  packages: [packageOf(itself, 'APPLICATION'), ...parts.map((part) => packageOf(part, 'LIBRARY'))],
  relationships: [
    relation('SPDXRef-DOCUMENT', 'DESCRIBES', idOf('runitbox')),
    ...parts.map(({ name }) => relation(idOf('runitbox'), 'STATIC_LINK', idOf(name))),
  ],
};
process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
