// sv while it waits: what it takes for done, when it gives up, and how it asks ./check. Read next: sv-services.ts.
import type { Case, Difference } from '../model.ts';
import { FakeService, made } from '../fake.ts';
import { withoutHints } from '../hints.ts';
import type { Finished, Running } from '../processes.ts';
import * as steps from '../steps.ts';
import { sleep, until } from '../../lib/wait.ts';
import type { World } from '../world.ts';

/** How sv ended, and what it said. */
const said = (sv: Running, end: string): string => `${end}\n${sv.stdout()}${withoutHints(sv.stderr(), end)}`;

/** How often ours is asked again, where a loaded machine may have held it up. */
const MORE = 4;

/** Three at once that wait for a service that never changes, each from its start to its end: a loaded machine only adds to that. */
const three = (
  world: World,
  name: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<readonly Finished[]> =>
  Promise.all(
    [1, 2, 3].map(async (number) => {
      const fake = new FakeService(world, `${name}${number}`, made('down', { want: 'd' }));
      const begun = performance.now();
      const sv = world.start('sv', [...args, `./${name}${number}`], { env });
      await fake.gets('u');
      const end = await sv.ended();
      return { end, out: sv.stdout(), err: sv.stderr(), ms: performance.now() - begun };
    }),
  );

/** How long sv with these words waits for a service that never changes. */
function givesUp(
  name: string,
  title: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  marks: readonly number[],
  ours: string,
): Case {
  return {
    name: `sv-waiting/gives-up-${name}`,
    title,
    timed: true,
    uses: ['sv'],
    differs: [{ id: 'sv-timeout-length', lines: { 'gives up after': ours } }],
    async run(world) {
      const first = await three(world, 'first', args, env);
      for (const [index, ran] of first.entries()) steps.noteRun(world, `sv ${index}`, ran);
      const times = first.map((it) => it.ms);
      const after = (): string => steps.reached(Math.min(...times) / 1000, marks);
      for (let more = 0; more < MORE && world.suite.origins.sv === 'ours' && after() !== ours; more++)
        times.push(...(await three(world, `again${more}`, args, env)).map((it) => it.ms));
      world.note('gives up after', after());
    },
  };
}

const TIMEOUTS: readonly Case[] = [
  givesUp('default', 'sv start gives up after 7 s', ['start'], {}, [0, 7, 7.4], '7 s or more'),
  givesUp('w1', '-w 1 is 1 s', ['-w', '1', 'start'], {}, [0, 1, 1.5], '1 s or more'),
  givesUp('svwait', 'SVWAIT=1 is 1 s', ['start'], { SVWAIT: '1' }, [0, 1, 1.5], '1 s or more'),
  givesUp('both', '-w wins over SVWAIT', ['-w', '1', 'start'], { SVWAIT: '5' }, [0, 1, 1.5, 5], '1 s or more'),
  givesUp('word', 'SVWAIT=abc is 0 s', ['start'], { SVWAIT: 'abc' }, [0, 0.7, 7], '0 s or more'),
  givesUp('w0', '-w 0 is 0 s', ['-w', '0', 'start'], {}, [0, 0.7, 7], '0 s or more'),
  givesUp('empty', 'SVWAIT= is 0 s', ['start'], { SVWAIT: '' }, [0, 0.7, 7], '0 s or more'),
];

/** A status that changes while sv waits. */
function change(
  name: string,
  title: string,
  word: string,
  before: Parameters<typeof made>,
  after: typeof before,
  /** Seconds that ours takes at least, as a new process must last; C's looks are 0.42 s apart. */
  lasts = 0,
): Case {
  return {
    name: `sv-waiting/change-${name}`,
    title,
    timed: true,
    uses: ['sv'],
    differs: [{ id: 'sv-no-polling', lines: { 'told after': `${lasts} s or more` } }],
    async run(world) {
      const delays: number[] = [];
      for (const round of [1, 2, 3, 4, 5]) {
        const fake = new FakeService(world, `s${round}`, made(...before));
        const sv = world.start('sv', ['-v', '-w', '20', word, `./s${round}`]);
        await fake.gets(word[0] ?? '');
        // By then sv has looked for the first time, and C sleeps until its next look.
        await sleep(20);
        const begun = performance.now();
        fake.show(made(...after));
        const end = await sv.ended();
        delays.push((performance.now() - begun) / 1000);
        if (round === 1) world.note('sv', said(sv, end));
      }
      world.note('told after', steps.reached(delays.sort()[2] ?? 0, lasts === 0 ? [0, 0.25] : [0, lasts, 0.35]));
    },
  };
}

const CHANGES: readonly Case[] = [
  change('up', 'up is done when the service runs', 'up', ['down', { want: 'd' }], ['run'], 0.2),
  change('down', 'down is done when the service is down', 'down', ['run'], ['down', { want: 'd' }]),
  change('pause', 'pause is done when the flag shows', 'pause', ['run'], ['run', { paused: 1 }]),
  change('cont', 'cont is done when the flag is gone', 'cont', ['run', { paused: 1 }], ['run']),
  change(
    'term',
    'term is done when another process runs',
    'term',
    ['run'],
    ['run', { pid: 4343, ageSeconds: -1 }],
    0.2,
  ),
];

const exitDone: Case = {
  name: 'sv-waiting/exit',
  title: 'exit is done when the fifos have no reader any more',
  uses: ['sv'],
  async run(world) {
    const fake = new FakeService(world, 's', made('run'));
    const sv = world.start('sv', ['-w', '20', 'exit', './s']);
    await fake.gets('x');
    fake.show(made('down', { want: 'd' }));
    await sleep(700);
    world.note('still waits', sv.end() === undefined);
    fake.leave();
    world.note('sv', said(sv, await sv.ended()));
  },
};

const vanished: Case = {
  name: 'sv-waiting/runsv-ends',
  title: 'a runsv that ends while sv waits for something else',
  uses: ['sv'],
  differs: [{ id: 'sv-check', since231: true, lines: { check: 'exit 1\nfail: ./check: runsv not running\n' } }],
  async run(world) {
    const scenes = { up: made('down', { want: 'd' }), down: made('run'), restart: made('run'), check: made('finish') };
    for (const [word, scene] of Object.entries(scenes)) {
      const fake = new FakeService(world, word, scene);
      const sv = world.start('sv', ['-w', '20', word, `./${word}`]);
      if (word !== 'check') await fake.gets(word === 'restart' ? 't' : (word[0] ?? ''));
      await sleep(200);
      fake.leave();
      world.note(word, said(sv, await sv.ended()));
    }
  },
};

/** The played service does not restart, so nothing is done, whatever its age. */
const YOUNG: Difference = {
  id: 'sv-restart-seen',
  lines: {
    ...Object.fromEntries(
      ['restart', 'try-restart', 'term', 'kill'].flatMap((it) => [
        [it, 'exit 1'],
        [`${it}: stdout`, `timeout: run: ./${it}: (pid N) Ns\n`],
      ]),
    ),
    'force-reload': 'exit 1',
    'force-reload: stdout': 'kill: run: ./force-reload: (pid N) Ns\n',
    'force-reload gets': 'tck',
  },
};

const young: Case = {
  name: 'sv-waiting/young',
  title: 'restart of a service that started within the same second',
  uses: ['sv'],
  differs: [YOUNG],
  async run(world) {
    for (const word of ['restart', 'try-restart', 'force-reload', 'term', 'kill']) {
      const fake = new FakeService(world, word, made('run', { ageSeconds: -1 }));
      const ran = await world.run('sv', ['-v', '-w', '1', word, `./${word}`]);
      steps.noteRun(world, word, ran);
      world.note(`${word} gets`, fake.received());
    }
  },
};

/** sv start on a running service with a check script. */
function check(name: string, title: string, place: (world: World) => void, differs: readonly Difference[] = []): Case {
  return {
    name: `sv-waiting/check-${name}`,
    title,
    uses: ['sv'],
    differs,
    async run(world) {
      new FakeService(world, 's', made('run'));
      place(world);
      const ran = await world.run('sv', ['-w', '1', 'start', './s']);
      steps.noteRun(world, 'start', ran);
      steps.noteRun(world, 'check', await world.run('sv', ['-w', '1', 'check', './s']));
      steps.noteRun(world, 'status', await world.run('sv', ['status', './s']));
    },
  };
}

/** A check that gave no answer has not said yes. */
const NO_ANSWER: readonly Difference[] = [
  {
    id: 'sv-check-without-answer',
    lines: {
      start: 'exit 1',
      'start: stdout': 'timeout: run: ./s: (pid N) Ns\n',
      check: 'exit 1',
      'check: stdout': 'timeout: run: ./s: (pid N) Ns\n',
    },
  },
];

const CHECKS: readonly Case[] = [
  check('yes', 'a check that says yes', (w) => steps.script(w, 's/check', 'exit 0')),
  check('no', 'a check that says no', (w) => steps.script(w, 's/check', 'exit 1')),
  check('no-111', 'a check that says no with another status', (w) => steps.script(w, 's/check', 'exit 111')),
  check('no-x-bit', 'a check that cannot be executed', (w) => steps.script(w, 's/check', 'exit 0', 0o644), NO_ANSWER),
  check(
    'no-interpreter',
    'a check without its interpreter',
    (w) => steps.script(w, 's/check', '#!/nowhere/sh\n'),
    NO_ANSWER,
  ),
  check('killed', 'a check that a signal ends', (w) => steps.script(w, 's/check', 'kill -9 $$'), NO_ANSWER),
  check('directory', 'a directory named check', (w) => w.mkdir('s/check'), NO_ANSWER),
  check('dangling', 'a dangling link named check', (w) => w.link('nowhere', 's/check')),
];

const checkInherits: Case = {
  name: 'sv-waiting/check-inherits',
  title: 'check gets this directory, these arguments and descriptors',
  uses: ['sv'],
  differs: [{ id: 'sv-check-stdout', lines: { events: 's check 0 s; open 0; open 1; open 2' } }],
  async run(world) {
    new FakeService(world, 's', made('run'));
    steps.script(
      world,
      's/check',
      'echo "s check $# $(basename "$PWD")" >>"$RECORD"; for n in 0 1 2; do [ -e /proc/$$/fd/$n ] && echo "open $n" >>"$RECORD"; done; exit 0',
    );
    steps.noteRun(world, 'start', await world.run('sv', ['-w', '5', 'start', './s']));
    steps.noteEvents(world);
  },
};

const checkOutput: Case = {
  name: 'sv-waiting/check-output',
  title: 'what check says on standard error is shown, on standard output not',
  uses: ['sv'],
  async run(world) {
    new FakeService(world, 's', made('run'));
    steps.script(world, 's/check', 'echo err >&2; echo out 2>/dev/null; exit 0');
    steps.noteRun(world, 'start', await world.run('sv', ['-w', '5', 'start', './s']));
  },
};

const checkAgain: Case = {
  name: 'sv-waiting/check-again',
  title: 'check is asked anew until it says yes',
  uses: ['sv'],
  async run(world) {
    new FakeService(world, 's', made('run'));
    steps.script(world, 's/check', 'echo asked >>"$RECORD"; [ $(grep -c asked "$RECORD") -ge 3 ]');
    steps.noteRun(world, 'start', await world.run('sv', ['-w', '20', 'start', './s']));
    world.note('asked', world.events('asked').length);
  },
};

const checkWhenDown: Case = {
  name: 'sv-waiting/check-when-down',
  title: 'check is not asked about a service that is down or in finish',
  uses: ['sv'],
  async run(world) {
    for (const [dir, scene] of [
      ['down', made('down')],
      ['finish', made('finish')],
    ] as const) {
      new FakeService(world, dir, scene);
      steps.script(world, `${dir}/check`, `echo "asked ${dir}" >>"$RECORD"`);
      await world.run('sv', ['-w', '1', 'start', `./${dir}`]);
    }
    steps.noteEvents(world);
  },
};

const several: Case = {
  name: 'sv-waiting/several',
  title: 'several services: each is told when it is done, failures are counted',
  uses: ['sv'],
  async run(world) {
    const first = new FakeService(world, 'first', made('down', { want: 'd' }));
    new FakeService(world, 'second', made('run'));
    new FakeService(world, 'third', made('down', { want: 'd' }));
    const names = ['first', 'second', 'missing', 'third', 'second'].map((it) => `./${it}`);
    const sv = world.start('sv', ['-w', '4', 'start', ...names]);
    await first.gets('u');
    await until('the line of the second', () => sv.stdout().includes('ok: run: ./second'));
    first.show(made('run'));
    world.note('sv', said(sv, await sv.ended()));
  },
};

const sentFirst: Case = {
  name: 'sv-waiting/sent-first',
  title: 'all commands are sent before the first is waited for',
  uses: ['sv'],
  async run(world) {
    const services = ['a', 'b', 'c'].map((it) => new FakeService(world, it, made('down', { want: 'd' })));
    const sv = world.start('sv', ['-w', '20', 'start', './a', './b', './c']);
    for (const it of services) await it.gets('u');
    world.note('waits', sv.end() === undefined);
    for (const it of services) it.show(made('run'));
    world.note('sv', said(sv, await sv.ended()));
  },
};

const forceKill: Case = {
  name: 'sv-waiting/force-stop',
  title: 'force-stop sends k when its time is over, and does not wait for the effect',
  uses: ['sv'],
  async run(world) {
    const fake = new FakeService(world, 's', made('run'));
    const sv = world.start('sv', ['-w', '1', 'force-stop', './s']);
    await fake.gets('d');
    await fake.gets('dk');
    world.note('sv', said(sv, await sv.ended()));
    world.note('gets', fake.received());
  },
};

export const cases: readonly Case[] = [
  ...TIMEOUTS,
  ...CHANGES,
  exitDone,
  vanished,
  young,
  ...CHECKS,
  checkInherits,
  checkOutput,
  checkAgain,
  checkWhenDown,
  several,
  sentFirst,
  forceKill,
];
