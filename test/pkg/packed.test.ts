// dist/runitbox-node: one executable, whatever the name it is called by, wherever it can write, nothing left behind.
// What programs do is seen by the compatibility suite (`make compat-node`).
import { spawnSync } from 'node:child_process';
import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { applets } from '../../src/whole.ts';
import { freshDirectory, makeService, PACKED, type Ran, run, STATIC, start, until } from './place.ts';

const linked = (dir: string, name: string, file = PACKED): string => {
  symlinkSync(file, join(dir, name));
  return join(dir, name);
};

/** Needs what a container may not allow. */
const mayMount = spawnSync('unshare', ['-m', 'true']).status === 0;

describe('the packed programs', () => {
  it.each(applets.map(({ name }) => name))('say of %s what the static executable says', (name) => {
    const dir = freshDirectory();
    expect(run(linked(dir, name), ['--help'])).toEqual(run(STATIC, [name, '--help']));
    // pause has nothing to say, and waits
    const args = name === 'pause' ? ['a-word'] : [];
    expect(run(join(dir, name), args)).toEqual(run(STATIC, args, { argv0: join(dir, name) }));
  });

  it('are told apart by a hard link, by argv[0], by the first argument and by a link behind a link', () => {
    const dir = freshDirectory();
    mkdirSync(join(dir, 'init.d'));
    const web = linked(join(dir, 'init.d'), 'web', linked(dir, 'sv'));
    const wrong = { code: 100, out: '', err: run(STATIC, ['sv']).err };
    expect(run(PACKED, [], { argv0: 'sv' })).toEqual(wrong);
    expect(run(PACKED, ['sv'])).toEqual(wrong);
    expect(run(web, ['nonsense']).err).toContain('web: nonsense: no such command');
    try {
      linkSync(PACKED, join(PACKED, '../sv'));
      expect(run(join(PACKED, '../sv'), [])).toEqual(wrong);
    } finally {
      spawnSync('rm', ['-f', join(PACKED, '../sv')]);
    }
  });

  it('take no argument for one of Node.js, and pass on bytes that are no UTF-8', () => {
    const chpst = linked(freshDirectory(), 'chpst');
    const odd = ['--env-file', 'none', '--version', '--inspect', '--', '-e'];
    expect(run(chpst, ['printf', '%s ', ...odd])).toEqual({ code: 0, out: `${odd.join(' ')} `, err: '' });
    const { stdout } = spawnSync('/bin/sh', [
      '-c',
      `exec "$1" chpst printf %s "$(printf '\\377\\200')" | od -An -tx1`,
      'sh',
      PACKED,
    ]);
    expect(stdout.toString().trim()).toBe('ff 80');
  });

  it('leave no file behind and open no socket', () => {
    const dir = freshDirectory();
    const env = { XDG_RUNTIME_DIR: dir, HOME: '/nonexistent' };
    const traced = run(
      'strace',
      ['-f', '-o', join(dir, 'trace'), '-e', 'trace=%network,%file', PACKED, 'sv', 'status', dir],
      { env },
    );
    expect(traced.code).toBe(1);
    const trace = readFileSync(join(dir, 'trace'), 'utf8');
    expect(trace).toContain('sys.node');
    expect(trace).not.toMatch(/\b(socket|connect)\(/);
    expect(readdirSync(dir)).toEqual(['trace']);
  });
});

if (!mayMount) console.log('skipped on a read-only file system: needs root');
describe.skipIf(!mayMount)('on a read-only file system', () => {
  const SHUT =
    'for d in /run /dev/shm /tmp; do mount -t tmpfs -o ro none $d || exit 9; done; mount -o remount,bind,ro / || exit 9';
  /** Where the executable lies may be hidden with the rest. */
  const ROOM = '/mnt/room';
  const OPEN =
    'mount -t tmpfs none /mnt && mkdir /mnt/room && mount --bind /mnt/room /mnt/room && >/mnt/runitbox && mount --bind "$1" /mnt/runitbox || exit 9';
  const inside = (script: string, env: Readonly<Record<string, string>>): Ran =>
    run('unshare', ['-m', 'sh', '-c', `${OPEN}; set -- /mnt/runitbox; ${script}`, 'sh', PACKED], {
      env: { ROOM, ...env },
    });

  it('one directory that can be written is enough', () => {
    const ran = inside(`${SHUT}; "$1" chpst echo works; ls "$ROOM"`, { TMPDIR: ROOM });
    expect(ran).toEqual({ code: 0, out: 'works\n', err: '' });
  });

  it('one that cannot execute is passed over', () => {
    const noexec = 'mount -t tmpfs -o noexec none "$ROOM" || exit 9; mount -o remount,rw /dev/shm || exit 9';
    const script = `${SHUT}; ${noexec}; "$1" chpst echo works; find "$ROOM" /dev/shm -mindepth 1`;
    expect(inside(script, { XDG_RUNTIME_DIR: ROOM })).toEqual({ code: 0, out: 'works\n', err: '' });
  });

  it('without any there is one line, and exit code 111', () => {
    const { code, err } = inside(`${SHUT}; exec "$1" sv status web`, {
      XDG_RUNTIME_DIR: '/nonexistent',
      TMPDIR: '/',
    });
    const reasons = '/nonexistent: ENOENT; /run: EROFS; /dev/shm: EROFS; /: EROFS; /tmp: EROFS';
    expect(code).toBe(111);
    expect(err).toBe(`runitbox: fatal: no directory can hold the system calls' library: ${reasons}\n`);
  });
});

/** What a service is given: everything that Node.js might have touched. The shell's own descriptors are left out. */
const SEE = `
exec > seen
for fd in /proc/$$/fd/*; do case \${fd##*/} in [3-9]) echo "\${fd##*/}"; readlink "$fd" ;; esac; done
while read -r line; do case $line in Sig[BI]*) echo "$line" ;; esac; done < /proc/$$/status
ulimit -Sn; ulimit -Hn; umask
mv seen told; exec sleep 1000`;

describe('a service under the packed runsv', () => {
  const told = async (executable: string): Promise<string> => {
    const dir = makeService(join(freshDirectory(), 's'), SEE);
    // by a shell that stays the parent, because the limits are taken from there
    const script = 'ulimit -S -n 300; ulimit -H -n 4000; "$0" runsv "$1" 7< / 8> /dev/null; exit 0';
    start('/bin/sh', ['-c', script, executable, dir], [STATIC, 'sv', 'exit', dir]);
    return until('the service', () =>
      existsSync(join(dir, 'told')) ? readFileSync(join(dir, 'told'), 'utf8') : undefined,
    );
  };

  it('has the descriptors, signals and limits that it has under the static one', async () => {
    const [packed, plain] = [await told(PACKED), await told(STATIC)];
    expect(packed).toBe(plain);
    expect(packed).toContain('\n300\n4000\n');
    expect(packed).toContain('7\n/\n8\n/dev/null\n');
  });
});

describe('Node.js in the packed programs', () => {
  it('opens its debugger where NODE_OPTIONS asks for it, and keeps its socket to itself', async () => {
    const dir = makeService(join(freshDirectory(), 's'), SEE);
    const runsv = start(PACKED, ['runsv', dir], [], { env: { NODE_OPTIONS: '--inspect=127.0.0.1:0' } });
    const seen = await until('the service', () =>
      existsSync(join(dir, 'told')) ? readFileSync(join(dir, 'told'), 'utf8') : undefined,
    );
    expect(runsv.errors()).toContain('Debugger listening on ws://127.0.0.1:');
    expect(seen).not.toContain('socket:');
    expect(seen).not.toContain('anon_inode:');
  });
});
