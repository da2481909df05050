// Writes a package of Alpine's to standard output: apk.ts ROOT FIELD=VALUE...
//
// The format of apk-tools 2, which version 3 reads too: two archives, each compressed by itself, one after the other. The first has
// .PKGINFO and no end; the second has the files, each with its SHA-1 in a header, and .PKGINFO has the SHA-256 of it as a whole. There
// is no signature: `apk add --allow-untrusted`, after a look at SHA256SUMS.
// Promises: the same files and $SOURCE_DATE_EPOCH give the same bytes. Read next: tar.ts, apk.sh.
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { END, type Entry, tarEntry } from './tar.ts';

const [root, ...fields] = process.argv.slice(2);
const epoch = Number(process.env['SOURCE_DATE_EPOCH']);
if (root === undefined || !Number.isInteger(epoch) || fields.some((field) => !/^\w+=\S/.test(field))) {
  console.error('apk.ts: expected ROOT FIELD=VALUE... and seconds in SOURCE_DATE_EPOCH');
  process.exit(2);
}

const hash = (algorithm: string, data: string | Buffer): string => createHash(algorithm).update(data).digest('hex');

/** What apk compares a file with when it verifies or upgrades: that of a link is of where it leads. */
const checksum = (data: string | Buffer): string => hash('sha1', data);

const entryOf = (path: string): Entry => {
  const file = join(root, path);
  const status = lstatSync(file);
  if (status.isDirectory()) return { path: `${path}/`, mode: 0o755, epoch };
  if (status.isSymbolicLink()) {
    const link = readlinkSync(file);
    return { path, link, mode: 0o777, epoch, records: { 'APK-TOOLS.checksum.SHA1': checksum(link) } };
  }
  const data = readFileSync(file);
  const mode = status.mode & 0o111 ? 0o755 : 0o644;
  return { path, data, mode, epoch, records: { 'APK-TOOLS.checksum.SHA1': checksum(data) } };
};

const paths = (readdirSync(root, { recursive: true, encoding: 'utf8' }) as readonly string[]).toSorted();
const entries = paths.map(entryOf);
const files = gzipSync(Buffer.concat([...entries.map(tarEntry), END]), { level: 9 });
const size = entries.reduce((sum, { data }) => sum + (data?.length ?? 0), 0);
const commands = paths
  .filter((path) => /^usr\/s?bin\//.test(path))
  .map((path) => path.slice(path.lastIndexOf('/') + 1));
const version = fields.find((field) => field.startsWith('pkgver='))?.slice(7) ?? '';
const info = [
  ...fields,
  `size=${size}`,
  `builddate=${epoch}`,
  ...commands.map((name) => `provides=cmd:${name}=${version}`),
  `datahash=${hash('sha256', files)}`,
].map((field) => field.replace('=', ' = '));
const control = tarEntry({ path: '.PKGINFO', data: Buffer.from(`${info.join('\n')}\n`), mode: 0o644, epoch });
process.stdout.write(Buffer.concat([gzipSync(control, { level: 9 }), files]));
