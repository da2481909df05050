// Files in supervise/ may be anybody's: a row for each name, tried with everything that its owner may put there.
//
// The table of docs/security.md. Whatever lies under a name: what it leads to is left alone, nobody hangs, and the service
// runs with a status that is true; only a directory is in the way, which is said.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { type Case, fault } from '../case.ts';
import { isAlive } from '../../lib/proc.ts';
import type { Service } from '../service.ts';
import type { Running, World } from '../world.ts';

const NOBODY = 65534;
const SECRET = 'a secret of root\n'.repeat(20);

interface Row {
  readonly world: World;
  readonly kind: Kind;
  /** `supervise/lock`, `log/supervise/pid`. */
  readonly name: string;
  readonly service: Service;
  readonly secret: string;
}

/** What may lie under the name `path`. */
const KINDS = {
  'link to a secret': (path: string, secret: string) => symlinkSync(secret, path),
  'link to a device': (path: string) => symlinkSync('/dev/zero', path),
  'link to nowhere': (path: string, secret: string) => symlinkSync(`${secret}.nowhere`, path),
  'hard link': (path: string, secret: string) => linkSync(secret, path),
  fifo: (path: string) => execFileSync('mkfifo', [path]),
  socket: (path: string) =>
    execFileSync('perl', [
      '-MIO::Socket::UNIX',
      '-e',
      'IO::Socket::UNIX->new(Local => shift, Listen => 1) or die',
      path,
    ]),
  'file of another': (path: string) => {
    writeFileSync(path, 'x'.repeat(50));
    chownSync(path, NOBODY, NOBODY);
  },
  'file that others may write': (path: string) => {
    writeFileSync(path, '');
    chmodSync(path, 0o666);
  },
  directory: (path: string) => mkdirSync(path),
  nothing: () => undefined,
} as const;

type Kind = keyof typeof KINDS;

const FIFOS: readonly string[] = ['control', 'ok'];
const FILES: readonly string[] = ['lock', 'pid', 'stat', 'status'];
const SPARES: readonly string[] = ['pid.new', 'stat.new', 'status.new', 'next.new', 'lock.new'];
const baseOf = (name: string): string => name.slice(name.lastIndexOf('/') + 1);

const STAYS = { text: '#!/bin/sh\nexec sleep 3600\n' };

const READS = { text: '#!/bin/sh\nexec cat >/dev/null\n' };

const lay = (world: World, name: string, kind: Kind): Row => {
  const place = `${name}-${kind}`.replace(/\W/g, '-');
  const service = world.service(place).has('run', STAYS).has('log/run', READS);
  const secret = `${world.dir}/secret-${place}`;
  writeFileSync(secret, SECRET, { mode: 0o600 });
  for (const folder of ['supervise', 'log/supervise']) {
    mkdirSync(`${service.dir}/${folder}`, { mode: 0o700 });
    chownSync(`${service.dir}/${folder}`, NOBODY, NOBODY);
  }
  KINDS[kind](`${service.dir}/${name}`, secret);
  return { world, kind, name, service, secret };
};

const assertUntouched = ({ secret, name, kind }: Row): void => {
  assert.equal(readFileSync(secret, 'latin1'), SECRET, `${name}, ${kind}: the secret`);
  assert.equal(statSync(secret).mode & 0o777, 0o600, `${name}, ${kind}: its mode`);
  assert.throws(() => statSync(`${secret}.nowhere`), { code: 'ENOENT' });
};

/** What is under the name now is what it should be, and ours. */
const assertReplaced = ({ service, name, kind }: Row): void => {
  const base = baseOf(name);
  if (SPARES.includes(base)) return;
  const stat = lstatSync(`${service.dir}/${name}`);
  const what = `${name}, ${kind}`;
  if (FIFOS.includes(base)) assert.equal(stat.isFIFO(), true, what);
  if (!FILES.includes(base)) return;
  assert.equal(stat.isFile(), true, what);
  assert.deepEqual([stat.uid, stat.nlink, stat.mode & 0o022], [0, 1, 0], what);
};

/** A directory cannot be replaced: that is said, and ends runsv where it cannot do without. */
const tryDirectory = async (row: Row, runsv: Running): Promise<void> => {
  const { world, service, name } = row;
  const base = baseOf(name);
  if (base === 'lock' || FIFOS.includes(base)) {
    assert.equal(await runsv.ended(), 'exit 111', name);
    assert.equal(runsv.lines().length, 1, name);
    assert.match(runsv.lines()[0] ?? '', base === 'lock' ? /lock: is a directory$/ : /exists but is not a fifo$/);
    return;
  }
  await world.supervised(service);
  if (FILES.includes(base) || base === 'next.new') await runsv.says(/warning: unable to replace .*: is a directory$/);
  else await world.reach(service, { state: 'run' });
};

const tryOne = async (row: Row): Promise<void> => {
  const { world, service, name, kind } = row;
  const side = name.startsWith('log/') ? 'log/' : '';
  const runsv = world.runsv(service);
  if (kind === 'directory') {
    await tryDirectory(row, runsv);
    assertUntouched(row);
    runsv.signal('SIGKILL');
    return;
  }
  // ours would wait for a fifo in the place of status
  if (baseOf(name) !== 'ok') await world.supervised(service);
  const { pid } = await world.reach(service, { state: 'run' }, side);
  assert.equal(isAlive(pid), true, `${name}, ${kind}: the process of status`);
  assertReplaced(row);
  service.send('d', side);
  await world.reach(service, { state: 'down', pid: 0, want: 'd' }, side);
  assert.equal(isAlive(pid), false, `${name}, ${kind}: ended`);
  runsv.signal('SIGTERM');
  assert.equal(await runsv.ended(), 'exit 0', `${name}, ${kind}`);
  assert.deepEqual(runsv.lines(), [], `${name}, ${kind}`);
  assertUntouched(row);
  const left = readdirSync(`${service.dir}/${side}supervise`).filter((file) => file.endsWith('.new'));
  assert.deepEqual(
    left.filter((file) => file !== baseOf(name)),
    [],
    `${name}, ${kind}: left behind`,
  );
};

const rowOf = (name: string): Case =>
  fault(`whatever lies at ${name}: it is left alone, and the service runs`, async (world) => {
    const rows = (Object.keys(KINDS) as Kind[]).map((kind) => lay(world, name, kind));
    for (const row of rows) await tryOne(row);
  });

const rowsOf = (folder: string): readonly Case[] =>
  [...FILES, ...FIFOS, ...SPARES].map((name) => rowOf(`${folder}supervise/${name}`));

/** How an essential service ended is written past everything but a directory, and an old word of it is gone. */
const exitcode = fault(
  'whatever lies at supervise/exitcode: it is left alone, and the exit code is told',
  async (world) => {
    for (const kind of Object.keys(KINDS) as Kind[]) {
      const row = lay(world, 'supervise/exitcode', kind);
      const { service } = row;
      service.has('run', { text: '#!/bin/sh\nexit 3\n' }).has('flag-essential', { text: '' });
      const runsv = world.runsv(service);
      assert.equal(await runsv.ended(), 'exit 125', kind);
      assertUntouched(row);
      if (kind === 'directory')
        assert.match(runsv.lines().join(), /unable to write supervise\/exitcode: is a directory$/);
      else assert.equal(readFileSync(`${service.dir}/supervise/exitcode`, 'latin1'), '3\n', kind);
    }
  },
);

const stale = fault('an old supervise/exitcode is gone once a runsv has started, essential or not', async (world) => {
  const service = world.service('stale').has('run', STAYS).has('supervise/exitcode', { text: '3\n' });
  const runsv = world.runsv(service);
  await world.reach(service, { state: 'run' });
  runsv.signal('SIGKILL');
  await runsv.ended();
  assert.throws(() => lstatSync(`${service.dir}/supervise/exitcode`), { code: 'ENOENT' });
});

const delegated = fault(
  'a control that was given to a user stays his, and works',
  async (world) => {
    const service = world.service('delegated').has('run', STAYS);
    const first = world.runsv(service);
    const { pid } = await world.reach(service, { state: 'run' });
    for (const name of ['control', 'ok']) chownSync(`${service.dir}/supervise/${name}`, NOBODY, NOBODY);
    first.signal('SIGTERM');
    await first.ended();
    const before = lstatSync(`${service.dir}/supervise/control`).ino;
    world.runsv(service);
    await world.reach(service, { state: 'run' });
    const control = lstatSync(`${service.dir}/supervise/control`);
    assert.deepEqual([control.ino, control.uid], [before, NOBODY]);
    chmodSync(`${service.dir}/supervise`, 0o711);
    const path = `${service.dir}/supervise/control`;
    execFileSync('setpriv', [`--reuid=${NOBODY}`, '--clear-groups', 'sh', '-c', `printf d >${path}`]);
    await world.reach(service, { state: 'down', pid: 0, want: 'd' });
    assert.equal(isAlive(pid), false);
  },
  'setpriv',
);

/** The number of a process that was taken over is used again while runsv does not look. $0: runsv, $1: its service. */
const REUSE = `"$0" "$1" & first=$!
until [ -s "$1/supervise/pid" ]; do sleep 0.02; done
kill -9 $first; wait $first
"$0" "$1" & second=$!
until grep -q "FLOCK .* $second " /proc/locks; do sleep 0.02; done
: >"$1/supervise/ok"
old=$(cat "$1/supervise/pid")
kill -STOP $second; kill -9 $old
while [ -d /proc/$old ]; do sleep 0.02; done
echo $((old - 1)) >/proc/sys/kernel/ns_last_pid
sleep 777 & innocent=$!
[ $innocent = $old ] || exit 3
printf k >"$1/supervise/control"
kill -CONT $second
for round in $(seq 250); do
  new=$(cat "$1/supervise/pid"); [ "$new" ] && [ "$new" != $old ] && break
  sleep 0.02
done
kill -0 $innocent && [ "$new" != $old ]
`;

const reuse = fault(
  'a number that is used again is not signalled in the place of the process that had it',
  async (world) => {
    const service = world.service('reused').has('run', STAYS);
    const wrap = ['unshare', '--pid', '--fork', '--kill-child=SIGKILL', '--mount-proc', 'sh', '-c', REUSE];
    assert.equal(await world.runsv(service, { wrap, foreign: true }).ended(), 'exit 0');
  },
  'unshare',
);

export const TRUST: readonly Case[] = [...rowsOf(''), ...rowsOf('log/'), exitcode, stale, delegated, reuse];
