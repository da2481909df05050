// `make install` and `make uninstall`, by the script that they call, in a directory of their own.
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { mustRun, run } from '../lib/run.ts';

const ROOT = join(import.meta.dirname, '../..');
const OURS = join(ROOT, 'dist/runitbox');

/** Every name below `dir`, relative to it. */
export const tree = (dir: string): readonly string[] =>
  (readdirSync(dir, { recursive: true, encoding: 'utf8' }) as readonly string[]).toSorted();

const install = (action: string, destination: string, env: Readonly<Record<string, string>> = {}) =>
  run([join(ROOT, 'build/install.sh'), action, OURS], { cwd: '/', env: { DESTDIR: destination, ...env } });

const same = (what: string, got: unknown, expected: unknown): void => {
  const [a, b] = [JSON.stringify(got), JSON.stringify(expected)];
  if (a !== b) throw new Error(`${what}: expected ${b}, got ${a}`);
};

const succeeds = async (action: string, destination: string, env: Readonly<Record<string, string>> = {}) => {
  const { code, text } = await install(action, destination, env);
  same(`${action}: exit code and text`, [code, text], [0, '']);
};

const placesOf = (prefix: string): readonly string[] =>
  execFileSync(OURS, ['--list-full'], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((place) => join(prefix, place.includes('sbin/') ? 'sbin' : 'bin', place.slice(place.lastIndexOf('/') + 1)));

/** Everything is in place and runs; then nothing is left. */
export const installsAndUninstalls = async (dir: string): Promise<void> => {
  const destination = join(dir, 'a place');
  for (const prefix of ['/usr/local', '/usr', '/opt/my runitbox']) {
    mkdirSync(destination, { recursive: true });
    const env = { PREFIX: prefix };
    await succeeds('install', destination, env);
    const root = join(destination, prefix);
    for (const place of placesOf(root)) {
      same(place, readlinkSync(place), place.includes('/sbin/') ? '../bin/runitbox' : 'runitbox');
      if (!existsSync(place)) throw new Error(`${place} leads nowhere`);
    }
    same('a program', (await run([join(root, 'bin/sv'), '--version'])).code, 0);
    same('mode', lstatSync(join(root, 'bin/runitbox')).mode & 0o7777, 0o755);
    same('manual', tree(join(root, 'share/man/man8')), readdirSync(join(ROOT, 'docs/man')).toSorted());
    const completion = await mustRun([OURS, '--completion', 'fish']);
    same('fish', readFileSync(join(root, 'share/fish/vendor_completions.d/sv.fish'), 'utf8'), completion);
    const before = tree(destination);
    await succeeds('install', destination, env);
    same('the same files after a second time', tree(destination), before);
    await succeeds('uninstall', destination, env);
    same('what is left', existsSync(destination) ? tree(destination) : [], []);
  }
};

/** What others have is neither replaced nor removed, unless it is forced. */
export const sparesOthers = async (dir: string): Promise<void> => {
  const theirs = ['usr/bin/runsv', 'usr/share/man/man8/sv.8'];
  for (const path of theirs) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), 'theirs\n');
  }
  symlinkSync('/bin/busybox', join(dir, 'usr/bin/sv'));
  const before = tree(dir);
  const { code, text } = await install('install', dir, { PREFIX: '/usr' });
  same('exit code', code, 1);
  for (const path of [...theirs, 'usr/bin/sv'])
    if (!text.includes(`\n${join(dir, path)}\n`)) throw new Error(`expected ${path} in:\n${text}`);
  same('nothing changed', tree(dir), before);
  same('uninstall', (await install('uninstall', dir, { PREFIX: '/usr' })).code, 1);
  await succeeds('install', dir, { PREFIX: '/usr', FORCE: '1' });
  same('forced', readlinkSync(join(dir, 'usr/bin/sv')), 'runitbox');
  symlinkSync('/bin/busybox', join(dir, 'usr/bin/other'));
  writeFileSync(join(dir, 'usr/share/man/man8/other.8'), 'theirs\n');
  await succeeds('uninstall', dir, { PREFIX: '/usr' });
  same(
    'what is left',
    tree(dir).filter((path) => lstatSync(join(dir, path)).isDirectory() === false),
    ['usr/bin/other', 'usr/share/man/man8/other.8'],
  );
};

export const refusesBadPrefix = async (dir: string): Promise<void> => {
  const { code, text } = await install('install', dir, { PREFIX: 'usr' });
  same('exit code and text', [code, text], [2, 'PREFIX=usr: expected an absolute path\n']);
  same('nothing is there', tree(dir), []);
};
