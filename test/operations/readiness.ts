// Services that tell whether they are ready, with the programs that others wrote for it: systemd-notify, python3-systemd, s6's.
//
// Times that are compared are those that programs write themselves. Read next: cases.ts, tree.ts.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { kill } from '../lib/proc.ts';
import { until } from '../lib/wait.ts';
import type { Case } from './cases.ts';
import { FOR_PACKAGES, type Programs, unpacked } from './packages.ts';
import { eventsOf, has, historyOf, isReady, replaceRunsv, runsvOf, stateOf, textOf } from './records.ts';
import type { Tree } from './tree.ts';

/** The libraries of s6, whose names have its version in them. */
const librariesOf = (name: string): readonly string[] =>
  execFileSync('apt-cache', ['depends', name], { encoding: 'utf8' })
    .split('\n')
    .flatMap((line) => /^ +Depends: (lib(?:s6|skarnet|execline)[\w.+-]*)$/.exec(line)?.[1] ?? []);

const systemd = (): Promise<Programs> => unpacked(['systemd', 'libsystemd-shared', 'libsystemd0', 'python3-systemd']);
const s6 = (): Promise<Programs> => unpacked(['s6', ...librariesOf('s6')]);

/** A service that tells what others write into its fifo `say`: each line a command for the shell. */
const listening = (tree: Tree, service: string, before = ':'): void => {
  tree.file(
    `${service}/run`,
    `#!/bin/sh\nexec 2>&1\n${before}\ntest -p say || mkfifo say\necho x >>begun\nwhile :; do\n  while read -r line; do eval "$line"; done <say\ndone\n`,
  );
};

const begun = (tree: Tree, service: string, times = 1): Promise<unknown> =>
  until('./run to listen', () => textOf(tree, `${service}/begun`).length === 2 * times);

const tell = (tree: Tree, service: string, line: string): Promise<string> =>
  tree.succeeds(`echo ${JSON.stringify(line)} >"$SVDIR/${service}/say"`);

export const READINESS_CASES: readonly Case[] = [
  {
    title: 'systemd-notify makes a service ready, with its status, and returns as soon as it was heard',
    needs: FOR_PACKAGES,
    async attempt(tree) {
      const { setUp } = await systemd();
      tree.file('u/notification-socket', '');
      tree.file('u/down', '');
      tree.file(
        'u/run',
        `#!/bin/sh\n${setUp}\ndate +%s%3N >times\nsystemd-notify --ready --status='hello you'\ndate +%s%3N >>times\necho >told\nexec sleep 1000\n`,
      );
      tree.start('ours');
      await tree.is('u', 'down');
      assert.match((await tree.sv('-w', '60', 'start', 'u')).text, /^ok: run: u: \(pid \d+\) \d+s, normally down\n$/);
      assert.deepEqual(
        [stateOf(tree, 'u')['by'], stateOf(tree, 'u')['ready'], stateOf(tree, 'u')['text']],
        ['socket', true, 'hello you'],
      );
      await until('systemd-notify to return', () => has(tree, 'u/told'));
      const [from = 0, to = 0] = textOf(tree, 'u/times').split('\n').map(Number);
      // it waits for five seconds where the descriptor that came along is not closed
      assert.ok(to - from < 4500, `${to - from} ms`);
      assert.deepEqual(eventsOf(tree, 'u'), ['started', 'ready']);
    },
  },
  {
    title: 'the server of s6 tells by descriptor 1, as its option -1 says',
    needs: [...FOR_PACKAGES, 'jq'],
    async attempt(tree) {
      const { setUp } = await s6();
      tree.file('v/notification-fd', '1\n');
      // what s6-ipcserver executes, from where they are installed
      tree.file(
        'v/run',
        `#!/bin/sh\n${setUp}\nexec s6-ipcserver-socketbinder ${tree.dir}/v.sock s6-ipcserverd -1 cat\n`,
      );
      tree.start('ours');
      await isReady(tree, 'v');
      assert.equal((await tree.sv('-w', '60', 'start', 'v')).code, 0);
      await tree.succeeds(`sv status --json v | jq -e '.[0] | .ready and .ready_by == "fd"'`);
    },
  },
  {
    title: 'a watchdog that python3-systemd does not feed aborts the service, and watch and why say so',
    needs: [...FOR_PACKAGES, 'python3', 'jq'],
    async attempt(tree) {
      const { setUp } = await systemd();
      tree.file('w/notification-socket', '');
      tree.file('w/timeout-watchdog', '2000\n');
      const program = [
        'import os, time',
        'from systemd.daemon import notify',
        'open("usec", "w").write(os.environ["WATCHDOG_USEC"])',
        'notify("READY=1")',
        'for _ in range(6):',
        '    time.sleep(0.5); notify("WATCHDOG=1")',
        'open("fed", "w")',
        'time.sleep(1e6)',
      ];
      tree.file('w/daemon.py', `${program.join('\n')}\n`);
      tree.file('w/run', `#!/bin/sh\n${setUp}\nexec /usr/bin/python3 daemon.py\n`);
      tree.start('ours');
      await until('a supervise directory', () => has(tree, 'w/supervise/ok'));
      const watched = await tree.shell(
        `timeout 60 sv watch --json w | jq --unbuffered -c 'select(.cause=="watchdog")' | head -1`,
      );
      assert.match(watched.text, /"signal":"ABRT"/);
      assert.ok(has(tree, 'w/fed'), 'it was stopped although it was fed');
      assert.equal(textOf(tree, 'w/usec'), '2000000');
      const end = historyOf(tree, 'w').find(({ event }) => event === 'ended');
      assert.ok(Number(end?.['ran']) >= 5, `ran for ${end?.['ran']} s`);
      assert.match((await tree.sv('why', 'w')).text, /signal ABRT \(.*\), gave no sign of life/);
    },
  },
  {
    title: 'readiness outlives its supervisor, however it was told, and what is told afterwards is heard',
    needs: FOR_PACKAGES,
    async attempt(tree) {
      const { setUp } = await systemd();
      tree.file('v/notification-fd', '3\n');
      tree.file('v/run', '#!/bin/sh\necho >&3\nexec sleep 1000\n');
      tree.file('u/notification-socket', '');
      listening(tree, 'u', setUp);
      tree.file('c/check-interval', '200\n');
      tree.file('c/check', '#!/bin/sh\ntest ! -e broken\n');
      tree.file('c/run', '#!/bin/sh\nexec sleep 1000\n');
      tree.start('ours');
      await begun(tree, 'u');
      await tell(tree, 'u', 'systemd-notify --ready');
      for (const service of ['v', 'u', 'c']) await isReady(tree, service);
      const pids = ['v', 'u', 'c'].map((service) => stateOf(tree, service)['pid']);
      for (const service of ['v', 'u', 'c']) await replaceRunsv(tree, service);
      for (const service of ['v', 'u', 'c']) {
        await tree.is(service, 'ready');
        assert.equal((await tree.sv('-w', '60', 'start', service)).code, 0);
      }
      assert.deepEqual(
        ['v', 'u', 'c'].map((service) => stateOf(tree, service)['pid']),
        pids,
      );
      await tell(tree, 'u', 'systemd-notify --status=again');
      await until('the text', () => stateOf(tree, 'u')['text'] === 'again');
      writeFileSync(join(tree.scan, 'c/broken'), '');
      await tree.is('c', 'unready');
      assert.equal(eventsOf(tree, 'v').filter((event) => event === 'ready').length, 1);
    },
  },
  {
    title: 'a newline that is written while no supervisor reads is no SIGPIPE, and is found by the next one',
    async attempt(tree) {
      tree.file('v/notification-fd', '7\n');
      listening(tree, 'v');
      tree.start('ours');
      await begun(tree, 'v');
      await tree.is('v', 'starting');
      const runsv = runsvOf(tree, 'v');
      const parent = Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${runsv}/status`, 'utf8'))?.[1]);
      kill(parent, 'SIGSTOP');
      kill(runsv, 'SIGKILL');
      await until('no runsv to read', () => /^State:\s+Z/m.test(readFileSync(`/proc/${runsv}/status`, 'utf8')));
      await tell(tree, 'v', 'echo ready >&7; echo >written');
      await until('the newline', () => has(tree, 'v/written'));
      kill(parent, 'SIGCONT');
      await tree.is('v', 'ready');
      assert.equal(textOf(tree, 'v/begun').length, 2, 'it was started anew');
    },
  },
  {
    title: 'start waits until a service is ready, and says when it is not; C sv does not wait',
    async attempt(tree) {
      tree.file('v/notification-fd', '3\n');
      listening(tree, 'v');
      tree.start('ours');
      await begun(tree, 'v');
      await tree.is('v', 'starting');
      assert.match((await tree.sv('status', 'v')).text, /^run: v: \(pid \d+\) \d+s, not ready\n$/);
      const late = await tree.sv('-w', '1', 'start', 'v');
      assert.deepEqual([late.code, late.text.includes('sv: v: ./run is not ready\n')], [1, true], late.text);
      assert.match(late.text, /timeout: run: v: \(pid \d+\) \d+s, not ready\n/);
      assert.match((await tree.sv('why', 'v')).text, /^v: starting, process \d+, not ready after /);
      assert.match((await tree.shell('/usr/bin/sv -w 60 start "$SVDIR/v"')).text, /^ok: run: .*\ds\n$/);
      await tree.succeeds('sv -w 60 restart v >restarted 2>&1 & echo');
      await begun(tree, 'v', 2);
      await tell(tree, 'v', 'echo >&3');
      await until(
        'restart to return',
        () => existsSync(join(tree.dir, 'restarted')) && readFileSync(join(tree.dir, 'restarted'), 'utf8') !== '',
      );
      assert.match(readFileSync(join(tree.dir, 'restarted'), 'utf8'), /^ok: run: v: \(pid \d+\) \d+s\n$/);
      assert.equal((await tree.sv('wait', 'ready', 'v')).code, 0);
      assert.equal(textOf(tree, 'v/supervise/status').length, 20);
    },
  },
  {
    title: 'timeout-up stops a service that is not ready in time: a failure, whatever its exit code',
    async attempt(tree) {
      tree.file('t/run', "#!/bin/sh\ntrap 'exit 0' TERM\necho x >>begun\nwhile :; do sleep 0.05; done\n");
      tree.file('t/notification-fd', '3\n');
      tree.file('t/timeout-up', '700\n');
      tree.file('t/restart-limit', '1\n');
      tree.start('ours');
      await tree.is('t', 'failed');
      assert.match(
        (await tree.sv('start', 't')).text,
        /^fail: t: failed: not ready in time, exit code 0, 1 failure in a row\n$/,
      );
      const ends = historyOf(tree, 't').filter(({ event }) => event === 'ended');
      assert.ok(ends.length === 2 && ends.every(({ cause, ran }) => cause === 'timeout-up' && Number(ran) >= 0.7));
      assert.match((await tree.sv('why', 't')).text, /exit code 0, was not ready in time/);
    },
  },
  {
    title: 'control/t is asked before a service that is not ready in time is stopped, and KILL comes all the same',
    async attempt(tree) {
      tree.file('t/run', "#!/bin/sh\ntrap 'echo TERM >>got' TERM\nwhile :; do sleep 0.05; done\n");
      tree.file('t/control/t', '#!/bin/sh\necho $1 >>asked\n');
      tree.file('t/notification-fd', '3\n');
      tree.file('t/timeout-up', '300\n');
      tree.file('t/timeout-kill', '200\n');
      tree.file('t/restart-limit', '1\n');
      tree.start('ours');
      await tree.is('t', 'failed');
      assert.deepEqual(
        historyOf(tree, 't')
          .filter(({ event }) => event === 'killed' || event === 'ended')
          .map(({ event, by, cause, signal }) => [event, by ?? cause, signal]),
        [
          ['killed', 'timeout-kill', undefined],
          ['ended', 'timeout-up', 'KILL'],
        ],
      );
      assert.match(textOf(tree, 't/asked'), /^\d+\n$/);
      assert.equal(has(tree, 't/got'), false);
    },
  },
  {
    title: 'check-interval makes a service ready by its check, and not ready after three noes in a row',
    needs: ['jq'],
    async attempt(tree) {
      tree.file('c/run', '#!/bin/sh\nexec sleep 1000\n');
      tree.file('c/check', '#!/bin/sh\necho x >>asked || true\ntest -e up\n');
      tree.file('c/check-interval', '150\n');
      tree.start('ours');
      await until('a check', () => textOf(tree, 'c/asked') !== '');
      await tree.is('c', 'starting');
      writeFileSync(join(tree.scan, 'c/up'), '');
      assert.match((await tree.sv('-w', '60', 'start', 'c')).text, /^ok: run: c: \(pid \d+\) \d+s\n$/);
      await tree.succeeds(`sv list --json c | jq -e '.[0] | .ready_by == "check" and .condition == "ready"'`);
      await tree.succeeds('rm "$SVDIR/c/up"');
      const before = textOf(tree, 'c/asked').length;
      await tree.is('c', 'unready');
      assert.ok(textOf(tree, 'c/asked').length >= before + 2 * 2, 'fewer than three checks');
      assert.match((await tree.sv('status', 'c')).text, /^run: c: \(pid \d+\) \d+s, not ready\n$/);
      writeFileSync(join(tree.scan, 'c/up'), '');
      await tree.is('c', 'ready');
      assert.deepEqual(eventsOf(tree, 'c'), ['started', 'ready', 'unready', 'ready']);
    },
  },
  {
    title: 'a check that hangs is killed and counts as no, and none outlives its service',
    async attempt(tree) {
      tree.file('c/run', '#!/bin/sh\nexec sleep 1000\n');
      tree.file('c/check', '#!/bin/sh\ntest -e hang || exit 0\necho $$ >>hung\nexec sleep 1000\n');
      tree.file('c/check-interval', '100\n');
      tree.start('ours');
      await tree.is('c', 'ready');
      writeFileSync(join(tree.scan, 'c/hang'), '');
      await tree.is('c', 'unready');
      const pids = (): readonly string[] => textOf(tree, 'c/hung').split('\n').slice(0, -1);
      await until('one more check', () => pids().length > 3);
      assert.equal((await tree.sv('-w', '60', 'stop', 'c')).code, 0);
      await until('the checks to be gone', () => pids().every((pid) => !existsSync(`/proc/${pid}`)));
    },
  },
  {
    title: 'a message of another user is not believed, one of the user of ./run is',
    needs: ['setpriv', 'python3'],
    async attempt(tree) {
      const notify = [
        'import os, socket, time',
        'to = "\\0" + os.environ["NOTIFY_SOCKET"][1:]',
        'socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"READY=1", to)',
      ].join('; ');
      const asNobody = `setpriv --reuid nobody --clear-groups /usr/bin/python3 -c '${notify}`;
      tree.file('root/notification-socket', '');
      tree.file('root/run', `#!/bin/sh\n${asNobody}'\nexec sleep 1000\n`);
      tree.file('own/notification-socket', '');
      tree.file('own/run', `#!/bin/sh\nexec ${asNobody}; time.sleep(1000)'\n`);
      await tree.succeeds('runsv "$SVDIR/root" 2>errors >/dev/null & runsv "$SVDIR/own" >/dev/null 2>&1 & echo');
      await isReady(tree, 'own');
      const errors = (): string => readFileSync(join(tree.dir, 'errors'), 'utf8');
      await until('the warning', () => errors().includes(': message from user 65534 on the notification socket'));
      assert.equal(stateOf(tree, 'root')['ready'], false);
    },
  },
  {
    title: 'reload with a reload-signal waits until the service has told that it is ready again',
    needs: FOR_PACKAGES,
    async attempt(tree) {
      const { setUp } = await systemd();
      tree.file('r/notification-socket', '');
      tree.file('r/reload-signal', 'USR1\n');
      tree.file(
        'r/run',
        `#!/bin/sh\n${setUp}\ntrap 'systemd-notify RELOADING=1; echo x >>reloads; while ! test -e go; do sleep 0.02; done; systemd-notify --ready' USR1\nsystemd-notify --ready\nwhile :; do sleep 0.02; done\n`,
      );
      tree.start('ours');
      await isReady(tree, 'r');
      const early = await tree.sv('-w', '2', 'reload', 'r');
      assert.equal(early.code, 1, early.text);
      assert.match(early.text, /timeout: run: r: \(pid \d+\) \d+s, reloading\n/);
      writeFileSync(join(tree.scan, 'r/go'), '');
      await tree.is('r', 'ready');
      assert.match((await tree.sv('-w', '60', 'reload', 'r')).text, /^ok: run: r: \(pid \d+\) \d+s\n$/);
      assert.equal(textOf(tree, 'r/reloads').length, 4);
    },
  },
  {
    title: 'a service that can tell is not started until state.json says so, which is told once',
    async attempt(tree) {
      tree.file('v/notification-fd', '3\n');
      tree.file('v/run', '#!/bin/sh\necho >&3\nexec sleep 1000\n');
      mkdirSync(join(tree.scan, 'v/supervise/state.json'), { recursive: true });
      await tree.succeeds('runsv "$SVDIR/v" 2>errors >/dev/null & echo');
      const errors = (): string => readFileSync(join(tree.dir, 'errors'), 'utf8');
      await until('the warning', () => errors().includes('supervise/state.json, trying again'));
      await until('a second try', () => textOf(tree, 'v/supervise/stat') !== '');
      assert.equal(textOf(tree, 'v/supervise/pid'), '');
      rmdirSync(join(tree.scan, 'v/supervise/state.json'));
      await isReady(tree, 'v');
      assert.equal(errors().split('trying again').length, 2, errors());
    },
  },
  {
    title: 'a descriptor that is closed without a newline is told once, and values that mean nothing are',
    async attempt(tree) {
      tree.file('v/notification-fd', '3\n');
      tree.file('v/timeout-watchdog', '100\n');
      tree.file('v/run', '#!/bin/sh\nexec 3>&-\nexec sleep 1000\n');
      tree.file('x/notification-fd', '300\n');
      tree.file('x/timeout-up', '100\n');
      tree.file('x/run', '#!/bin/sh\nexec sleep 1000\n');
      await tree.succeeds('runsv "$SVDIR/v" 2>errors >/dev/null & runsv "$SVDIR/x" 2>others >/dev/null & echo');
      const read = (name: string): string => readFileSync(join(tree.dir, name), 'utf8');
      await until('the warning', () =>
        read('errors').includes('./run closed descriptor 3 without a newline, not ready'),
      );
      assert.match(read('errors'), /warning: timeout-watchdog: nothing gives signs of life, ignored\n/);
      await until('the others', () => read('others').includes('timeout-up: '));
      assert.match(read('others'), /warning: notification-fd: not a descriptor from 1 to 255: '300', ignored\n/);
      assert.match(read('others'), /warning: timeout-up: nothing reports whether .\/run is ready, ignored\n/);
      await tree.is('x', 'running');
      assert.equal(has(tree, 'x/supervise/state.json'), false);
    },
  },
];
