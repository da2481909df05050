// Root file systems to be tested in: Debian's with one init each, and a stand-in for Alpine's.
//
// Promises: made once (.cache/init, for each list of packages), from the machine's own package sources. Read next: cases/.
import { mkdirSync, rmSync, cpSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { packedRoot } from '../lib/debian.ts';
import { mustRun, run } from '../lib/run.ts';

const ROOT = join(import.meta.dirname, '../..');

const PACKAGES = {
  sysvinit: ['sysvinit-core', 'procps'],
  openrc: ['sysvinit-core', 'openrc', 'procps'],
  systemd: ['systemd', 'systemd-sysv', 'libpam-systemd', 'dbus', 'dbus-user-session', 'procps'],
} as const;

export type Debian = keyof typeof PACKAGES;

const WITHOUT = ['doc', 'man', 'locale', 'info', 'i18n'].map((dir) => `--dpkgopt=path-exclude=/usr/share/${dir}/*`);

const makeTar = (init: Debian): Promise<string> =>
  packedRoot({ codename: 'bookworm', packages: PACKAGES[init], options: WITHOUT }, 'init', `${init}-`);

export class Roots {
  /** A copy of docker/ and of the executable, where root of a user namespace can read it. */
  readonly docker: string;
  readonly binary: string;
  readonly #dir: string;
  readonly #tars = new Map<Debian, Promise<string>>();
  #alpineLike: Promise<string> | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(dir: string, binary: string) {
    this.#dir = dir;
    this.docker = join(dir, 'copy/docker');
    this.binary = join(dir, 'copy/dist/runitbox');
    cpSync(join(ROOT, 'docker'), this.docker, { recursive: true });
    cpSync(binary, this.binary);
  }

  /** Begins to make it; one after the other, as each takes all of a processor. */
  #tar(init: Debian): Promise<string> {
    const begun = this.#tars.get(init) ?? this.#last.then(() => makeTar(init));
    begun.catch(() => undefined);
    this.#last = begun.catch(() => undefined);
    this.#tars.set(init, begun);
    return begun;
  }

  async ready(init: Debian | undefined): Promise<void> {
    if (init !== undefined) await this.#tar(init);
  }

  prepare(...inits: readonly Debian[]): void {
    for (const init of inits) void this.#tar(init);
  }

  /** Unpacks Debian's into `dir`. */
  async bare(init: Debian, dir: string): Promise<string> {
    const tar = await this.#tar(init);
    mkdirSync(dir, { recursive: true });
    await mustRun(['tar', '-xf', tar, '-C', dir]);
    return dir;
  }

  /** The same, with ours as a user would install it. */
  async debian(init: Debian, dir: string): Promise<string> {
    await this.bare(init, dir);
    await this.install(dir);
    return dir;
  }

  async install(root: string): Promise<void> {
    cpSync(this.binary, join(root, 'usr/bin/runitbox'));
    const places = await mustRun([this.binary, '--list-full']);
    for (const place of places.trim().split('\n')) symlinkSync('/usr/bin/runitbox', join(root, place));
    const init = join(this.docker, 'init');
    for (const name of ['runsvdir-start', 'runsvdir-stop']) cpSync(join(init, name), join(root, 'sbin', name));
    cpSync(join(init, 'user/runsvdir-user'), join(root, 'usr/bin/runsvdir-user'));
    cpSync(join(init, 'helpers'), join(root, 'usr/lib/runitbox'), { recursive: true });
    mkdirSync(join(root, 'etc/service'), { recursive: true });
  }

  /**
   * A tar file that stands for Alpine's root: BusyBox for userland and init, laid out as there, and OpenRC; that one is Debian's, hence its C
   * library too. Alpine's own is not available without a network.
   */
  alpineLike(): Promise<string> {
    this.#alpineLike ??= this.#makeAlpineLike();
    return this.#alpineLike;
  }

  async #makeAlpineLike(): Promise<string> {
    const tar = join(this.#dir, 'alpine-like.tar');
    const work = join(this.#dir, 'alpine-like');
    const debian = join(this.#dir, 'openrc-parts');
    await this.#unpackParts(debian);
    for (const name of [
      'usr/bin',
      'usr/sbin',
      'usr/lib',
      'usr/lib64',
      'etc',
      'dev',
      'proc',
      'sys',
      'run',
      'root',
      'tmp',
      'var/log',
    ]) {
      mkdirSync(join(work, name), { recursive: true });
    }
    for (const name of ['bin', 'sbin', 'lib', 'lib64']) symlinkSync(`usr/${name}`, join(work, name));
    await mustRun([
      'sh',
      '-c',
      `cp "$(command -v busybox)" ${work}/bin/busybox && chroot ${work} /bin/busybox --install -s`,
    ]);
    // as in Alpine's BusyBox, were its configuration another: applets that ours replace
    for (const name of ['runsv', 'sv', 'chpst'])
      await mustRun(['ln', '-s', '/bin/busybox', join(work, 'usr/bin', name)]);
    await mustRun(['sh', '-c', `cd ${debian} && tar -c . | tar -x -C ${work} --keep-directory-symlink`]);
    rmSync(debian, { recursive: true, force: true });
    await mustRun(['tar', '-cf', tar, '-C', work, '.']);
    rmSync(work, { recursive: true, force: true });
    return tar;
  }

  async #unpackParts(dir: string): Promise<void> {
    const tar = await this.#tar('openrc');
    mkdirSync(dir, { recursive: true });
    const programs = [
      'openrc',
      'openrc-run',
      'openrc-shutdown',
      'supervise-daemon',
      'rc-service',
      'rc-update',
      'start-stop-daemon',
    ];
    const libraries = ['c', 'einfo', 'rc', 'pam', 'pam_misc', 'audit', 'cap-ng', 'selinux', 'pcre2-8'];
    const wanted = [
      ...programs.map((name) => `./usr/sbin/${name}`),
      ...libraries.map((name) => `./usr/lib/x86_64-linux-gnu/lib${name}.so.*`),
      './usr/lib/x86_64-linux-gnu/ld-linux-*',
      ...['./usr/lib64', './usr/lib/rc', './usr/bin/rc-status', './etc/rc.conf', './etc/passwd', './etc/group'],
    ];
    // what one of them does not have is found missing by the container
    await run(['tar', '-xf', tar, '-C', dir, '--wildcards', ...wanted]);
    if (!readdirSync(dir).includes('usr')) throw new Error('no OpenRC in what was unpacked');
  }
}
