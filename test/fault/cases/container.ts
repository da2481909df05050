// runsvdir as process 1 of a container, and as a subreaper: how everything ends.
//
// Each situation is played with every signal that asks for the end, each in a container of its own, and once without a
// namespace, where what is left behind would stay.
import assert from 'node:assert/strict';
import { symlinkSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { alone, fault } from '../case.ts';
import { contain, type Container, childrenOf, SIGNAL_NAMES, SIGNALS, type SignalName } from '../container.ts';
import { copiesLines, writesLines } from '../habits.ts';
import { descriptorsOf, marked, privateKb, proc } from '../../lib/proc.ts';
import type { Service } from '../service.ts';
import { sleep } from '../../lib/wait.ts';
import type { World } from '../world.ts';
import { assertNoLineLost } from './killed.ts';

/** Bounds failures on a loaded machine; what is promised is looked at by what was told, not by the time it took. */
const END_MS = 40_000;

let lastUid = 62000 + (process.pid % 2000);

interface Situation {
  /** Too much for several at once. */
  readonly heavy?: boolean;
  readonly words?: readonly string[];
  /** Makes the services, and says when all is as it must be. */
  readonly prepare: (service: (name: string) => Service) => readonly Service[];
  readonly ready?: (services: readonly Service[]) => boolean;
  /** What comes to be in a while without a sign; looked at every now and then. */
  readonly settled?: (first: number) => boolean;
  readonly check: (services: readonly Service[], lines: readonly string[]) => void;
}

interface Played {
  readonly name: string;
  readonly container: Container;
  readonly services: readonly Service[];
}

/** Makes the services of one container; links, which are taken at once. */
const set = (world: World, folder: string, situation: Situation): readonly Service[] => {
  mkdirSync(join(world.dir, folder), { recursive: true });
  return situation.prepare((name) => {
    const service = world.service(`${folder}-${name}`, 'sv');
    symlinkSync(service.dir, join(world.dir, folder, name));
    return service;
  });
};

const begin = async (world: World, name: string, situation: Situation, subreaper: boolean): Promise<Played> => {
  const folder = `scan-${name}`;
  const services = set(world, folder, situation);
  const container = contain(world, { folder, subreaper, words: situation.words ?? [] });
  const ready = situation.ready ?? ((all) => all.every((service) => service.count('start') >= 1));
  await world.until(`${name}: services to run (${container.lines().join(' | ')})`, () => ready(services));
  for (let tries = 0; situation.settled?.(container.first) === false; tries++) {
    assert.ok(tries < 500, 'never settled');
    await sleep(20);
  }
  return { name, container, services };
};

const finish = async ({ name, container, services }: Played, situation: Situation, code: number): Promise<void> => {
  try {
    assert.equal(await container.ended(END_MS), `exit ${code}`);
    situation.check(services, container.lines());
  } catch (cause) {
    throw new Error(`${name}: ${(cause as Error).message}`, { cause });
  }
};

/** Plays a situation with every signal, and without a namespace. */
const play = async (world: World, situation: Situation): Promise<void> => {
  const one = async (name: SignalName): Promise<void> => {
    const played = await begin(world, name, situation, false);
    played.container.signal(SIGNALS[name].number);
    await finish(played, situation, SIGNALS[name].code);
  };
  if (situation.heavy !== true) await Promise.all(SIGNAL_NAMES.map(one));
  else for (const name of SIGNAL_NAMES) await one(name);
  const played = await begin(world, 'subreaper', situation, true);
  played.container.signal(SIGNALS.TERM.number);
  await finish(played, situation, 0);
  assert.deepEqual(
    marked(world.dir).map((pid) => proc(pid, 'cmdline')),
    [],
    'a subreaper leaves nobody',
  );
};

const NOTHING_TOLD: readonly string[] = [];

/** Double forks `count` processes that end at once, and keeps as many zombies of its own. */
const zombies = (told: string, count: number): string => `#!/usr/bin/perl
use POSIX ();
sub tell_ { open my $file, '>>', '${told}'; syswrite $file, "$_[0] $$\\n"; close $file }
$SIG{TERM} = sub { tell_('term'); exit 0 };
my ($term, $none) = (POSIX::SigSet->new(POSIX::SIGTERM()), POSIX::SigSet->new);
POSIX::sigprocmask(POSIX::SIG_BLOCK(), $term);
for (1 .. ${count}) {
  my $pid = fork() // die;
  if ($pid == 0) { fork() // die; POSIX::_exit(0) }
}
tell_('start');
POSIX::sigsuspend($none) while 1;
`;

/** A bomb of at most 40 processes, none of which heeds TERM. It says that it has started when there is no room for more. */
const bomb = (told: string, uid: number): string => `#!/bin/sh
exec setpriv --reuid=${uid} --regid=${uid} --clear-groups prlimit --nproc=40 perl -e '
  $SIG{TERM} = "IGNORE";
  open my $told, ">&=", 3;
  while (1) {
    next if defined fork();
    syswrite $told, "start $$\\n" unless $said++;
    select undef, undef, undef, 0.02;
  }' 3>>'${told}'
`;

/** Takes three seconds to end, and tells when it has. */
const needsThreeSeconds = (told: string): string => `#!/usr/bin/perl
sub tell_ { open my $file, '>>', '${told}'; syswrite $file, "$_[0] $$\\n"; close $file }
my $end = 0;
$SIG{TERM} = sub { tell_('term'); $end = 1 };
tell_('start');
until ($end) { select undef, undef, undef, 0.1 }
select undef, undef, undef, 3;
tell_('bye');
`;

const withLog = (service: Service, text: string): Service =>
  service.has('run', { text }).has('log/run', { text: copiesLines(service.toldPath) });

const logged = (services: readonly Service[]): void => {
  for (const service of services) {
    assertNoLineLost(service);
    const told = service.told().map((line) => line.split(' ')[0]);
    assert.equal(told.at(-1), 'log-end', `the log ends last: ${told.join(' ')}`);
  }
};

export const CONTAINER = [
  fault('process 1 brings services that obey to their end, finish scripts too, whatever the signal', (world) =>
    play(world, {
      prepare: (service) => [
        service('one').has('run', 'stays').has('finish', 'tellsItself', 'finish'),
        service('two').has('run', 'stays'),
      ],
      check: (services, lines) => {
        assert.deepEqual(lines, NOTHING_TOLD);
        for (const service of services) assert.equal(service.count('term'), 1);
        assert.equal(services[0]?.count('args 0 0'), 1);
      },
    }),
  ),

  fault('process 1 kills a service that ignores TERM at the deadline, says so, and its finish runs', (world) =>
    play(world, {
      words: ['-k', '0.6'],
      prepare: (service) => [
        service('lingers').has('run', 'stubborn').has('finish', 'tellsItself', 'finish'),
        service('fine').has('run', 'stays'),
      ],
      check: (services, lines) => {
        assert.equal(lines.length, 1, lines.join('\n'));
        assert.match(lines[0] ?? '', /warning: still running after 0\.6 s, killed: run \(\d+\)$/);
        assert.equal(services[0]?.count('args -1 9'), 1);
        assert.equal(services[1]?.count('term'), 1);
      },
    }),
  ),

  fault('process 1 waits for a service that needs three seconds', (world) =>
    play(world, {
      prepare: (service) => {
        const slow = service('slow');
        return [slow.has('run', { text: needsThreeSeconds(slow.toldPath) }), service('quick').has('run', 'stays')];
      },
      check: (services, lines) => {
        assert.deepEqual(lines, NOTHING_TOLD);
        assert.equal(services[0]?.count('bye'), 1);
      },
    }),
  ),

  alone(
    fault(
      'process 1 ends a fork bomb at the deadline',
      (world) =>
        play(world, {
          heavy: true,
          words: ['-k', '0.5'],
          prepare: (service) => {
            const bad = service('bomb');
            return [bad.has('run', { text: bomb(bad.toldPath, ++lastUid) }), service('fine').has('run', 'stays')];
          },
          check: (services, lines) => {
            assert.match(
              lines.join('\n'),
              /warning: still running after 0\.5 s, killed: perl \(\d+\), .* and \d+ more$/m,
            );
            assert.equal(services[1]?.count('term'), 1);
          },
        }),
      'setpriv',
      'prlimit',
    ),
  ),

  fault('process 1 reaps 200 orphans as they end, and 200 zombies when their parent is gone', (world) =>
    play(world, {
      prepare: (service) => {
        const many = service('many');
        return [many.has('run', { text: zombies(many.toldPath, 200) })];
      },
      settled: (first) => childrenOf(first).every((pid) => proc(pid, 'cmdline').startsWith('runsv\0')),
      check: (services, lines) => {
        assert.deepEqual(lines, NOTHING_TOLD);
        assert.equal(services[0]?.count('term'), 1);
      },
    }),
  ),

  fault('process 1 lets logs take every line, and end last', (world) =>
    play(world, {
      prepare: (service) => {
        const talks = service('talks');
        return [withLog(talks, writesLines(talks.toldPath))];
      },
      ready: ([service]) => (service?.count('start') ?? 0) === 1 && (service?.count('log') ?? 0) === 1,
      check: (services, lines) => {
        assert.deepEqual(lines, NOTHING_TOLD);
        logged(services);
      },
    }),
  ),

  fault('process 1 lets logs take every line of a service that has to be killed, too', (world) =>
    play(world, {
      words: ['-k', '0.5'],
      prepare: (service) => {
        const talks = service('talks');
        return [withLog(talks, writesLines(talks.toldPath).replace('my $me', "$SIG{TERM} = 'IGNORE';\nmy $me"))];
      },
      ready: ([service]) => (service?.count('start') ?? 0) === 1 && (service?.count('log') ?? 0) === 1,
      check: (services, lines) => {
        assert.match(lines.join('\n'), /^[^\n]* warning: still running after 0\.5 s, killed: run \(\d+\)$/);
        logged(services);
      },
    }),
  ),

  fault('what a service has left behind is told to end as well, and killed if it does not', (world) =>
    play(world, {
      prepare: (service) => {
        const parent = service('parent');
        const child = service('child').has('polite', 'stays').has('lingers', 'stubborn', 'other').isDown();
        const text = `#!/bin/sh\nsetsid '${child.dir}/polite' &\nsetsid '${child.dir}/lingers' &\nexec '${parent.dir}/stay'\n`;
        return [parent.has('stay', 'stays').has('run', { text }), child];
      },
      ready: ([parent, child]) => (parent?.count('start') ?? 0) === 1 && (child?.count('start') ?? 0) === 2,
      check: ([, child], lines) => {
        assert.equal(child?.count('term'), 2, 'both were told');
        assert.match(lines.join('\n'), /^[^\n]* warning: still there at the end, killed: lingers \(\d+\)$/);
      },
    }),
  ),

  fault('what holds the pipe to a log after its service has ended is told to end long before the deadline', (world) =>
    play(world, {
      words: ['-k', '60'],
      prepare: (service) => {
        const parent = service('parent');
        parent.has('log/run', { text: copiesLines(parent.toldPath) });
        const child = service('child').has('polite', 'stays').has('lingers', 'stubborn', 'other').isDown();
        const text = `#!/bin/sh\n'${child.dir}/polite' &\n'${child.dir}/lingers' &\nexec '${parent.dir}/stay'\n`;
        return [parent.has('stay', 'stays').has('run', { text }), child];
      },
      ready: ([parent, child]) => (parent?.count('log') ?? 0) === 1 && (child?.count('start') ?? 0) === 2,
      check: ([parent, child], lines) => {
        assert.equal(child?.count('term'), 2, 'both were told, and once');
        // its runsv may be gone by then: the log is told to end half a second after its service
        assert.match(
          lines.join('\n'),
          /warning: (left behind, not ended 1 s after TERM|still there at the end), killed: lingers \(\d+\)$/,
        );
        assert.equal(parent?.count('log-end'), 1, 'the log was not killed');
      },
    }),
  ),

  fault('a second signal hurries a log that does not end with its input', async (world) => {
    const service = world.service('scan-one');
    service.has('run', 'stays').has('log/run', 'stays', 'log');
    mkdirSync(join(world.dir, 'links'));
    symlinkSync(service.dir, join(world.dir, 'links/one'));
    const container = contain(world, { folder: 'links', words: ['-k', '60'] });
    await world.tells(service, 'start', 2);
    container.signal(15);
    await world.tells(service, 'term');
    await sleep(1100);
    container.signal(15);
    assert.equal(await container.ended(END_MS), 'exit 0');
    assert.equal(service.count('term'), 2);
    assert.deepEqual(container.lines(), []);
  }),

  fault('while a container is brought down no service is started, not even one that appears', async (world) => {
    const slow = world.service('slow').has('run', 'slowToGo');
    const late = world.service('late').has('run', 'stays');
    mkdirSync(join(world.dir, 'links'));
    symlinkSync(slow.dir, join(world.dir, 'links/slow'));
    const container = contain(world, { folder: 'links', words: ['-k', '60'] });
    await world.tells(slow, 'start');
    container.signal(15);
    await world.tells(slow, 'term');
    symlinkSync(late.dir, join(world.dir, 'links/late'));
    container.signal(14);
    await sleep(300);
    slow.openGate();
    assert.equal(await container.ended(), 'exit 0');
    assert.deepEqual(late.told(), []);
  }),

  fault('process 1 without anything to do makes no wake-up, and keeps descriptors and memory', async (world) => {
    const service = world.service('one').has('run', 'stays');
    mkdirSync(join(world.dir, 'links'));
    symlinkSync(service.dir, join(world.dir, 'links/one'));
    const container = contain(world, { folder: 'links' });
    await world.tells(service, 'start');
    await sleep(500);
    const { first } = container;
    const switches = (): string => /^voluntary_ctxt_switches:\s+(\d+)/m.exec(proc(first, 'status'))?.[1] ?? '';
    const [before, files, kb] = [switches(), descriptorsOf(first).length, privateKb(first)];
    await sleep(6500);
    assert.equal(switches(), before, 'woken');
    assert.ok(kb < 200, `${kb} kB of its own`);
    assert.equal(descriptorsOf(first).length, files);
    container.signal(15);
    assert.equal(await container.ended(), 'exit 0');
  }),

  fault('-k that is no number is told in one line, exit 1', async (world) => {
    for (const wrong of ['', 'x', '-1', '1e3', '7s']) {
      const running = world.start('runsvdir', ['-k', wrong, world.scan], { foreign: true });
      assert.equal(await running.ended(), 'exit 1');
      assert.deepEqual(running.lines(), [`runsvdir: fatal: -k takes a number of seconds, not '${wrong}'`]);
    }
  }),
];
