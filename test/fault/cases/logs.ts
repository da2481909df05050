// Logs whose input does not end, and logs that come and go.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { fault } from '../case.ts';
import { copiesLines, ignoresEnd } from '../habits.ts';
import { isAlive } from '../../lib/proc.ts';
import { bounded } from '../../lib/wait.ts';
import { program, type Service } from '../service.ts';
import { kill, type World } from '../world.ts';

/** Leaves a process behind that holds the pipe to the log, says lines, ends at TERM. */
const leavesOneBehind = (told: string, end = 'exec sleep 1000'): string =>
  `#!/bin/sh\nsleep 4711 &\necho "stray $!" >>${told}\nseq 1 5000\necho "start $$" >>${told}\n${end}\n`;

const strayOf = (service: Service): number =>
  Number(
    service
      .told()
      .findLast((line) => line.startsWith('stray '))
      ?.slice(6),
  );

const copied = (service: Service, at = ''): string => {
  const path = `${service.toldPath}${at}.copy`;
  return existsSync(path) ? readFileSync(path, 'latin1') : '';
};

const ALL = Array.from({ length: 5000 }, (_, n) => `${n + 1}\n`).join('');

const withStray = (world: World, name: string, folder?: string, end?: string): Service => {
  const service = world.service(name, folder);
  return service
    .has('run', { text: leavesOneBehind(service.toldPath, end) })
    .has('log/run', { text: copiesLines(service.toldPath) });
};

const HELD = /log\/\.\/run has not ended, as its input is held open by process \d+ \(sleep\): sending TERM/;

export const LOGS = [
  fault(
    'a process left behind that holds the pipe does not keep runsv, which names it, and no line is lost',
    async (world) => {
      const service = withStray(world, 'stray');
      const runsv = world.runsv(service);
      await world.up(service);
      service.send('x');
      assert.equal(await runsv.ended(15_000), 'exit 0');
      assert.equal(runsv.lines().filter((line) => HELD.test(line)).length, 1);
      assert.ok(runsv.lines().some((line) => line.includes(`process ${strayOf(service)} (`)));
      assert.equal(copied(service), ALL);
      kill(strayOf(service), 'SIGKILL');
    },
  ),

  fault('an essential service that leaves somebody behind is over all the same', async (world) => {
    const service = withStray(world, 'essential-stray', 'sv', 'exit 3');
    writeFileSync(`${service.dir}/flag-essential`, '');
    const runsv = world.runsv(service);
    assert.equal(await runsv.ended(15_000), 'exit 125');
    assert.equal(readFileSync(`${service.dir}/supervise/exitcode`, 'latin1'), '3\n');
    assert.equal(copied(service), ALL);
    kill(strayOf(service), 'SIGKILL');
  }),

  fault('a service that leaves somebody behind is replaced, and its successor started', async (world) => {
    const service = withStray(world, 'replaced', 'scan');
    world.runsvdir();
    await world.up(service);
    const stray = strayOf(service);
    renameSync(service.dir, `${world.dir}/old`);
    const again = world.service('replaced', 'new').has('run', 'stays');
    renameSync(again.dir, service.dir);
    await world.tells(service, 'start', 2);
    kill(stray, 'SIGKILL');
  }),

  {
    title: 'a log that ends neither at the end of its input nor at TERM is killed, which is told',
    attempt: async (world: World) => {
      const service = world.service('stuck-log').has('run', 'stays');
      service.has('log/run', { text: ignoresEnd(service.toldPath, 'TERM') });
      const runsv = world.runsv(service);
      await world.up(service);
      await world.tells(service, 'log');
      const log = await world.reach(service, { state: 'run' }, 'log/');
      service.send('x');
      assert.equal(await runsv.ended(20_000), 'exit 0');
      assert.deepEqual(
        runsv.lines().map((line) => line.replace(/.*warning: /, '')),
        [
          'log/./run has not ended, although its input has ended: sending TERM',
          'log/./run has not ended after TERM: sending KILL',
        ],
      );
      assert.equal(isAlive(log.pid), false);
    },
  },

  {
    title: 'a control script that outlives an essential service that is over is ended, which is told',
    attempt: async (world: World) => {
      const service = world.service('outlived').has('run', 'plain').has('control/h', 'plain', 'script');
      writeFileSync(`${service.dir}/flag-essential`, '');
      const runsv = world.runsv(service);
      const pid = await world.up(service);
      service.send('h');
      await world.tells(service, 'start', 2);
      kill(pid, 'SIGKILL');
      assert.equal(await runsv.ended(20_000), 'exit 125');
      assert.match(runsv.lines().join('\n'), /control\/h has not ended, although the service has: sending KILL$/);
    },
  },

  fault('100,000 commands while a control script hangs are taken, and kill is obeyed at once', async (world) => {
    const service = world.service('flooded').has('run', 'stays').has('control/t', 'plain', 'script');
    world.runsv(service);
    const pid = await world.up(service);
    service.send('t');
    await world.tells(service, 'start', 2);
    await bounded('all to be taken', service.sendAll('tphc1'.repeat(20_000)));
    service.send('dk');
    await world.reach(service, { state: 'down', want: 'd' });
    assert.equal(isAlive(pid), false);
  }),

  fault('a log that is made later is used from the next start on, and left when it is removed', async (world) => {
    const service = world.service('later');
    service.has('run', { text: `#!/bin/sh\necho "start $$" >>${service.toldPath}\necho line\nexec sleep 1000\n` });
    const runsv = world.runsv(service);
    const first = await world.up(service);
    service.has('log/run', { text: copiesLines(service.toldPath) });
    service.send('t');
    const second = await world.up(service, first);
    await world.until('the line', () => copied(service) === 'line\n');
    const log = await world.reach(service, { state: 'run' }, 'log/');
    rmSync(`${service.dir}/log`, { recursive: true });
    service.send('t');
    const third = await world.up(service, first, second);
    await world.until('the log to end', () => !isAlive(log.pid));
    assert.equal(copied(service), 'line\n');
    await runsv.says(/\.\/log was removed, starting \.\/run without a log$/);
    service.has('log/run', { text: copiesLines(service.toldPath) });
    service.send('t');
    await world.up(service, first, second, third);
    await world.until('the line', () => copied(service) === 'line\nline\n');
    service.send('x');
    assert.equal(await runsv.ended(), 'exit 0');
  }),

  fault('a log that is replaced is followed, and the old one has every line of its time', async (world) => {
    const service = world.service('moved-log');
    service.has('run', { text: `#!/bin/sh\nseq 1 5000\necho "start $$" >>${service.toldPath}\nexec sleep 1000\n` });
    service.has('log/run', { text: copiesLines(service.toldPath) });
    world.runsv(service);
    const first = await world.up(service);
    renameSync(`${service.dir}/log`, `${service.dir}/log.old`);
    service.has('log/run', { text: copiesLines(`${service.toldPath}.2`) });
    service.send('t');
    await world.up(service, first);
    await world.until('the lines', () => copied(service, '.2') === ALL);
    assert.equal(copied(service), ALL);
    await world.reach(service, { state: 'run' }, 'log/');
  }),

  fault(
    'while another process has the lock of the log, commands are obeyed, and its end starts the service',
    async (world) => {
      const service = world
        .service('locked-log')
        .has('run', 'stays')
        .has('log/run', { text: copiesLines('/dev/null') });
      mkdirSync(`${service.dir}/log/supervise`);
      program(
        `${world.dir}/hold`,
        `#!/bin/sh\nexec flock ${service.dir}/log/supervise/lock sh -c 'echo held; exec cat'\n`,
      );
      const holder = world.start('runsv', [], {
        wrap: ['sh', `${world.dir}/hold`],
        stdio: ['pipe', 'pipe', 'pipe'],
        foreign: true,
      });
      await world.until('the lock', () => existsSync(`${service.dir}/log/supervise/lock`), [
        `${service.dir}/log/supervise`,
      ]);
      const runsv = world.runsv(service);
      await runsv.says(/waiting for the lock on log\/supervise\/lock$/);
      service.send('d');
      await world.reach(service, { state: 'down', want: 'd' });
      service.send('u');
      await world.reach(service, { state: 'down', want: 'u' });
      holder.endInput();
      await world.up(service);
      service.send('x');
      assert.equal(await runsv.ended(), 'exit 0');
    },
  ),

  {
    title: 'a ./log that cannot be looked at is tried again, then ./run is started without it; mended, it is used',
    attempt: async (world: World) => {
      const service = world.service('unseen').has('run', 'stays');
      symlinkSync('log', `${service.dir}/log`);
      const runsv = world.runsv(service);
      await runsv.says(/unable to stat\(\) \.\/log: .*, trying again$/);
      await world.reach(service, { state: 'down', want: 'u' });
      const first = await world.up(service);
      await runsv.says(/unable to stat\(\) \.\/log: .*, starting \.\/run without its log$/);
      service.send('t');
      await runsv.says(/trying again$/, 2);
      rmSync(`${service.dir}/log`);
      service.has('log/run', { text: copiesLines(service.toldPath) });
      await world.up(service, first);
      await world.tells(service, 'log');
      service.send('x');
      assert.equal(await runsv.ended(), 'exit 0');
    },
    takesMs: 180_000,
  },

  fault('a service that makes its pipe non-blocking leaves it blocking to the next start', async (world) => {
    const service = world.service('nonblocking');
    const writes = `seq 1 100000 || echo failed >>${service.toldPath}`;
    service.has('run', {
      text: `#!/bin/sh\necho "start $$" >>${service.toldPath}\n[ -e again ] || { : >again; exec dd if=/dev/null oflag=nonblock status=none; }\n${writes}\nexec sleep 1000\n`,
    });
    service.has('log/run', { text: copiesLines(service.toldPath) });
    world.runsv(service);
    await world.until('the last line', () => copied(service).endsWith('\n100000\n'));
    assert.equal(service.count('failed'), 0);
    assert.equal(copied(service).split('\n').length, 100_001);
  }),

  fault('a missing interpreter is named, of ./run, log/run, ./finish and control scripts', async (world) => {
    const missing = { text: '#!/no/such/shell\n' };
    const service = world
      .service('interpreter')
      .has('run', 'stays')
      .has('finish', missing)
      .has('control/d', { text: '#!/bin/sh\r\n' });
    service.has('log/run', missing);
    const runsv = world.runsv(service);
    await world.up(service);
    await runsv.says(/unable to start log\/\.\/run: interpreter \/no\/such\/shell: file does not exist$/);
    service.send('d');
    await runsv.says(/unable to run control\/d: interpreter \/bin\/sh.*CR LF$/);
    await runsv.says(/unable to start \.\/finish: interpreter \/no\/such\/shell: file does not exist$/);
  }),
];
