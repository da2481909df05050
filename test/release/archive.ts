// A release for this processor: the same twice, complete, and what it says of itself is so.
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mustRun, run } from '../lib/run.ts';
import { tree } from './install.ts';

const ROOT = join(import.meta.dirname, '../..');
const OURS = join(ROOT, 'dist/runitbox');
const EPOCH = '1700000000';

const text = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const { version, dependencies } = JSON.parse(text('package.json')) as {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
};
const MUSL = /^musl=(.*)$/m.exec(text('out/compiler'))?.[1] ?? 'musl-gcc';

export const packageVersion = version;

export const fail = (message: string): never => {
  throw new Error(message);
};

export const same = (what: string, got: unknown, expected: unknown): void => {
  const [a, b] = [JSON.stringify(got), JSON.stringify(expected)];
  if (a !== b) fail(`${what}: expected ${b}, got ${a}`);
};

const sha256 = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

/** Packs our executable into `dir`, under a umask and in a time zone. */
export const pack = async (dir: string, umask = '022', zone = 'UTC'): Promise<void> => {
  const make = join(ROOT, 'build/release/make.sh');
  const env = { SOURCE_DATE_EPOCH: EPOCH, MUSL, NODE: process.execPath, TZ: zone };
  // with the checkout as the current directory, as compilers for other processors are named relative to it
  await mustRun(['sh', '-c', `umask ${umask}; exec "$@"`, 'sh', make, OURS, 'x86_64', version, dir], {
    cwd: ROOT,
    env,
  });
  await mustRun([join(ROOT, 'build/release/sums.sh'), dir]);
};

const NAME = `runitbox-${version}-linux-x86_64`;

/** `one`: a release that was packed before. */
export const isReproducible = async (dir: string, one: string): Promise<void> => {
  const other = join(dir, 'the other');
  await pack(other, '077', 'Pacific/Kiritimati');
  same('files', readdirSync(other).toSorted(), readdirSync(one).toSorted());
  for (const name of readdirSync(one)) same(name, sha256(join(other, name)), sha256(join(one, name)));
};

/** The tarball is what `make install` makes, below one directory. */
export const isComplete = async (dir: string, release: string): Promise<void> => {
  const [unpacked, installed] = [join(dir, 'unpacked'), join(dir, 'installed')];
  mkdirSync(unpacked);
  await mustRun(['tar', '-C', unpacked, '-xzf', join(release, `${NAME}.tar.gz`)]);
  await mustRun([join(ROOT, 'build/install.sh'), 'install', OURS], { env: { PREFIX: '/', DESTDIR: installed } });
  same('directory', readdirSync(unpacked), [NAME]);
  same('contents', tree(join(unpacked, NAME)), tree(installed));
  same('executable', sha256(join(unpacked, NAME, 'bin/runitbox')), sha256(OURS));
  const listed = await mustRun(['tar', '-tvzf', join(release, `${NAME}.tar.gz`)]);
  for (const line of listed.trim().split('\n'))
    if (!/^\S+ 0\/0 +\d+ 2023-11-1[45] /.test(line)) fail(`expected owner 0 and the time of the release, got ${line}`);
  const licences = tree(join(unpacked, NAME, 'share/doc/runitbox/LICENSES'));
  same('licences', licences, ['minimist.txt', 'musl.txt', 'quickjs.txt']);
};

export const hasSums = async (dir: string, release: string): Promise<void> => {
  for (const name of readdirSync(release)) copyFileSync(join(release, name), join(dir, name));
  await mustRun(['sha256sum', '--check', '--strict', '--quiet', 'SHA256SUMS'], { cwd: dir });
  const named = readFileSync(join(dir, 'SHA256SUMS'), 'utf8').trim().split('\n');
  same(
    'a sum for each file',
    named.map((line) => line.slice(66)),
    readdirSync(dir)
      .filter((name) => name !== 'SHA256SUMS')
      .toSorted(),
  );
  writeFileSync(join(dir, `${NAME}.tar.gz`), 'changed\n');
  const check = ['sh', '-c', 'sha256sum --check --status SHA256SUMS || echo changed'];
  same('a changed file is seen', (await mustRun(check, { cwd: dir })).includes('changed'), true);
};

/** A release that is signed with a key of the test's own, as with that of whoever makes it. */
export const isSigned = async (dir: string): Promise<void> => {
  const [files, secret, open] = [join(dir, 'files'), join(dir, 'secret.key'), join(dir, 'public.key')];
  mkdirSync(files);
  writeFileSync(join(files, 'one'), 'one\n');
  await mustRun(['minisign', '-G', '-W', '-f', '-p', open, '-s', secret]);
  const sums = join(ROOT, 'build/release/sums.sh');
  await mustRun([sums, files], { env: { MINISIGN_KEY: secret, MINISIGN_COMMENT: `runitbox ${version}` } });
  const verify = ['minisign', '-V', '-Q', '-p', open, '-m', join(files, 'SHA256SUMS')];
  same('what the signature vouches for', (await mustRun(verify)).trim(), `runitbox ${version}`);
  const named = readFileSync(join(files, 'SHA256SUMS'), 'utf8');
  same('the sums name files alone', named.trim().split('\n').length, 1);
  writeFileSync(
    join(files, 'SHA256SUMS'),
    named.replace(/^./, (digit) => (digit === '0' ? '1' : '0')),
  );
  same('changed sums', (await run(verify)).code, 1);
  const { code, text: said } = await run([sums, files], { env: { MINISIGN_KEY: join(dir, 'nowhere') } });
  same('no key', [code, said], [1, `MINISIGN_KEY=${join(dir, 'nowhere')}: expected a file that can be read\n`]);
  await mustRun([sums, files]);
  same('unsigned, no signature of other sums is left', readdirSync(files).toSorted(), ['SHA256SUMS', 'one']);
};

interface Package {
  readonly [field: string]: unknown;
  readonly SPDXID: string;
  readonly name: string;
  readonly versionInfo: string;
  readonly licenseConcluded: string;
  readonly checksums?: readonly { readonly checksumValue: string }[];
}
interface Document {
  readonly [field: string]: unknown;
  readonly creationInfo: Readonly<Record<string, unknown>>;
  readonly packages: readonly Package[];
  readonly relationships: readonly Readonly<Record<string, string>>[];
}

/** What the SPDX 2.3 schema requires, and what this document adds to it. */
const DOCUMENT_FIELDS = [
  'spdxVersion',
  'SPDXID',
  'creationInfo',
  'dataLicense',
  'name',
  'documentNamespace',
  'packages',
  'relationships',
];
const PACKAGE_FIELDS = [
  'SPDXID',
  'name',
  'downloadLocation',
  'versionInfo',
  'supplier',
  'licenseConcluded',
  'licenseDeclared',
  'copyrightText',
];

const lacking = (one: Readonly<Record<string, unknown>>, fields: readonly string[]): readonly string[] =>
  fields.filter((field) => one[field] === undefined || one[field] === '');

export const namesParts = async (_: string, release: string): Promise<void> => {
  const document = JSON.parse(readFileSync(join(release, `${NAME}.spdx.json`), 'utf8')) as Document;
  same('fields of the document', lacking(document, DOCUMENT_FIELDS), []);
  same(
    'versions',
    [document['spdxVersion'], document['dataLicense'], document['SPDXID']],
    ['SPDX-2.3', 'CC0-1.0', 'SPDXRef-DOCUMENT'],
  );
  same('fields of the creation', lacking(document.creationInfo, ['created', 'creators']), []);
  same('time', document.creationInfo['created'], '2023-11-14T22:13:20Z');
  if (!/^https?:\/\/[^#\s]+$/.test(String(document['documentNamespace']))) fail('the namespace is no URI');
  for (const part of document.packages) same(`fields of ${part.name}`, lacking(part, PACKAGE_FIELDS), []);
  const ids = document.packages.map(({ SPDXID }) => SPDXID);
  for (const id of ids) if (!/^SPDXRef-[A-Za-z0-9.-]+$/.test(id)) fail(`expected an SPDX identifier, got ${id}`);
  const known = new Set([...ids, 'SPDXRef-DOCUMENT']);
  for (const { spdxElementId = '', relatedSpdxElement = '' } of document.relationships)
    if (!known.has(spdxElementId) || !known.has(relatedSpdxElement))
      fail(`${spdxElementId} or ${relatedSpdxElement} is not there`);
  const parts = new Map(document.packages.map((part) => [part.name, part]));
  same('parts', [...parts.keys()], ['runitbox', 'quickjs', 'musl', 'libgcc', ...Object.keys(dependencies)]);
  same('the executable', parts.get('runitbox')?.checksums?.[0]?.checksumValue, sha256(OURS));
  for (const [name, wanted] of Object.entries(dependencies)) same(name, parts.get(name)?.versionInfo, wanted);
  if (!/^1\.\d+\.\d+$/.test(parts.get('musl')?.versionInfo ?? ''))
    fail(`expected a version of musl, got ${parts.get('musl')?.versionInfo}`);
};
