// What is done on bare machines, and what must come of it. Each scenario has a machine of its own.
// Read next: box.ts; ../../build/tools.sh (what installs).
import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Codename } from '../lib/debian.ts';
import { countsIn } from '../lib/summary.ts';
import { blocksIn } from '../docs/pages.ts';
import { ROOT } from './bases.ts';
import { type Box, type Command, type Ended, tail, type User } from './box.ts';

export interface Scenario {
  readonly title: string;
  readonly codename: Codename;
  /** Says `held` after each thing that held, `missed` for one that did not; throws where it cannot go on. */
  attempt(box: Box, held: (what: string) => void, missed: (what: string) => void): Promise<void>;
}

const BUILD = 'nodejs gcc libc6-dev musl-tools npm xz-utils';
const REFUSAL = 'missing, and neither root nor sudo to install it: apt-get install';

/** README.md's two commands, as they stand there. */
const README: readonly string[] = (blocksIn('fresh').get('README.md') ?? [])
  .flatMap(({ text }) => text.trim().split('\n'))
  .filter((line) => line !== '');
const [RUN = '', TEST = '', ...more] = README;
if (!/^make run\b/.test(RUN) || !/^make test\b/.test(TEST) || more.length > 0)
  throw new Error(`README.md: expected make run and make test on bare machines, found:\n${README.join('\n')}`);
/** A sample in place of all, which takes an hour; else as the page has it. */
const QUICK = TEST.replace('make test', 'make quick');

/** What a checkout has, without what was built or downloaded, as whoever clones it would have it. */
export const checkOut = async (box: Box, user: User, dir: string): Promise<void> => {
  const without = ['.git', 'node_modules', 'dist', 'out', '.cache', 'coverage'].map((name) => `--exclude=./${name}`);
  await box.must(user, `mkdir -p "${dir}"`);
  const place = join(box.upper, dir);
  const { uid, gid } = statSync(place);
  execFileSync('sh', [
    '-c',
    'tar -C "$1" -cf - "$3" "$4" "$5" "$6" "$7" "$8" . | tar --no-same-owner -xf - -C "$2"',
    'sh',
    ROOT,
    place,
    ...without,
  ]);
  execFileSync('chown', ['-R', `${uid}:${gid}`, place]);
  await box.must(user, 'git init -q . && git add .', dir);
};

const expect = (what: string, found: unknown, wanted: unknown): void => {
  if (found !== wanted) throw new Error(`${what}: expected ${JSON.stringify(wanted)}, found ${JSON.stringify(found)}`);
};

/** What was said on standard error, but for make's own lines. */
const complaint = ({ err }: Ended): string =>
  err
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('make'))
    .join('\n');

const refuses = async (box: Box, command: string, dir: string, packages: string): Promise<void> => {
  const ended = await box.run('tester', command, dir);
  expect(`${command}: exit code`, ended.code, 2);
  expect(`${command}: what it says`, complaint(ended), `${REFUSAL} ${packages}`);
};

const EXAMPLES = ['clock', 'flaky', 'idle'];
const STATUS = 'PATH="$PWD/out/example/bin:$PATH" sv status "$PWD"/out/example/service/*';

/** The page's first command until the three services are there, then Ctrl-C; nothing may be left. */
const runs = async (box: Box, user: User, dir: string): Promise<void> => {
  const running = box.start(user, RUN, dir);
  await running.until('the services were up', () => running.said.includes('runitbox supervises three services'));
  const endMs = Date.now() + 30_000;
  for (;;) {
    const { out } = await box.run(user, STATUS, dir);
    const up = EXAMPLES.every((name) => out.includes(`/${name}: `)) && /^run: [^\n]*\/clock: /m.test(out);
    if (up) break;
    if (Date.now() > endMs) throw new Error(`the services do not come up:\n${out}`);
  }
  running.signal('SIGINT');
  const { out } = await running.ended;
  if (!out.includes('stopping the services')) throw new Error(`it did not say that it stops:\n${tail(out)}`);
  const left = await box.run('root', "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '");
  if (/runsv|svlogd/.test(left.out)) throw new Error(`left behind: ${left.out}`);
};

/** What tests say of their failures, however long the output is. */
export const failures = (text: string): string =>
  [...text.matchAll(/^.*(\bFAIL(ED)?\b|[1-9]\d* failed|Error:|not ok|✗|×).*(\n.*){0,6}/gm)]
    .map(([found]) => found)
    .join('\n')
    .slice(0, 8000);

/** All passed, none was skipped. */
const passes = async (box: Box, user: User, dir: string, command: string): Promise<void> => {
  const { code, out, err } = await box.run(user, command, dir);
  const counts = countsIn(out);
  if (code === 0 && counts !== null && counts.passed > 0 && counts.failed + counts.skipped === 0) return;
  throw new Error(`${command}: exit code ${code}, ${JSON.stringify(counts)}\n${failures(out + err)}\n${tail(out)}`);
};

const idle = async (box: Box, user: User, dir: string): Promise<void> => {
  const { out } = await box.must(user, 'make', dir);
  expect('a second make', /Nothing to be done|up to date/.test(out) || out === '', true);
};

interface Step {
  readonly what: string;
  readonly seen: (box: Box, dir: string) => boolean;
  readonly signal: NodeJS.Signals;
}

const any = (box: Box, dir: string, pattern: string): boolean =>
  execFileSync(
    'sh',
    ['-c', `cd "$1" 2>/dev/null && ls -d ${pattern} 2>/dev/null | head -n 1`, 'sh', join(box.upper, dir)],
    {
      encoding: 'utf8',
    },
  ) !== '';

/** Where it is cut short; each next one starts over. */
const STEPS: readonly Step[] = [
  { what: 'unpacking packages', seen: (box) => box.has('usr/share/nodejs'), signal: 'SIGKILL' },
  { what: 'unpacking modules', seen: (box, dir) => box.has(`${dir}/node_modules/typescript`), signal: 'SIGKILL' },
  { what: 'fetching the engine', seen: (box, dir) => any(box, dir, '.cache/fetch.*'), signal: 'SIGINT' },
  { what: 'compiling', seen: (box, dir) => any(box, dir, 'out/quickjs/image/*.o*'), signal: 'SIGKILL' },
];

const isInterrupted = async (box: Box, user: User, dir: string, { what, seen, signal }: Step): Promise<void> => {
  const command: Command = box.start(user, 'make -j4', dir);
  await command.until(what, () => seen(box, dir));
  command.signal(signal);
  await command.ended;
};

const bare = (codename: Codename, user: User, dir: string, tests: string): Scenario => ({
  title: `${codename}: ${user} in ${dir}`,
  codename,
  async attempt(box, held) {
    await checkOut(box, user, dir);
    for (const step of STEPS) {
      await isInterrupted(box, user, dir, step);
      held(`interrupted while ${step.what}`);
    }
    await runs(box, user, dir);
    held('make run brings up three services, and ends cleanly');
    await idle(box, user, dir);
    held('a second make does nothing');
    await passes(box, user, dir, tests);
    held(`${tests.replace(/ *#.*/, '')}: all passed, none skipped`);
  },
});

const HOME = '/home/tester/checkout';

const install = (box: Box, packages: string): Promise<Ended> =>
  box.must('root', `apt-get -qq update && apt-get -qq -y install --no-install-recommends ${packages}`);

/** Nobody may install, and nothing is there. */
const isRefused = async (box: Box): Promise<void> => {
  await refuses(box, 'make run', HOME, BUILD);
  await refuses(box, 'make -j4', HOME, BUILD);
  const all = complaint(await box.run('tester', 'make test', HOME));
  if (!all.startsWith(`${REFUSAL} ${BUILD} runit daemontools strace `) || all.includes('\n'))
    throw new Error(`make test says: ${all}`);
};

/** A checkout of the tester's own with the downloads of another: what is built there is built anew. */
const lend = async (box: Box, from: string, to: string): Promise<void> => {
  await checkOut(box, 'tester', to);
  await box.must('root', `cp -a "${from}/node_modules" "${from}/.cache" "${to}" && chown -R tester: "${to}"`);
};

/** One object by each rule of the Makefile that compiles. */
const OBJECTS = ['main.o', 'files.o', 'make.o', 'lib-cutils.o'].map((name) => `out/quickjs/image/${name}`).join(' ');

/** When each was written. */
const built = (box: Box, dir: string): readonly number[] =>
  OBJECTS.split(' ').map((name) => statSync(join(box.upper, dir, name)).mtimeMs);

/** Nobody may install; which compilers there are changes step by step. */
const compilersChange = async (box: Box, dir: string, targets: string, held: (what: string) => void): Promise<void> => {
  await box.must('root', 'apt-get -qq -y purge libc6-dev musl-tools');
  await refuses(box, 'make', dir, 'libc6-dev musl-tools');
  held('a gcc without headers is noticed');
  await install(box, 'libc6-dev');
  await refuses(box, 'make', dir, 'musl-tools');
  await install(box, 'musl-tools');
  await box.must('tester', `make -j4 ${targets}`, dir);
  held('tools that came later are taken, without make clean');
  const before = built(box, dir);
  await box.must('tester', `make ${targets}`, dir);
  expect('objects after a second make', String(built(box, dir)), String(before));
  await box.must('root', 'cp /usr/bin/musl-gcc /usr/local/bin/musl-gcc');
  await box.must('tester', `make -j4 ${OBJECTS}`, dir);
  if (built(box, dir).some((ms, at) => ms <= (before[at] ?? 0)))
    throw new Error('another compiler, and not everything was compiled with it');
  held('another compiler compiles anew');
};

/** Whoever runs npm by hand, with the system's Node.js, does no harm. */
const plainInstall = async (box: Box, dir: string, held: (what: string) => void): Promise<void> => {
  await box.must('tester', 'npm install --no-audit --no-fund', dir);
  // npm removed the link in .bin to the Node.js that it had brought
  const vitest = 'node_modules/node-linux-*/bin/node node_modules/.bin/vitest run test/unit/abi';
  await box.must('tester', `make check && ${vitest}`, dir);
  held('npm install by hand does no harm');
};

/** Another process has apt's locks for a while. */
const locked = async (box: Box, dir: string, held: (what: string) => void): Promise<void> => {
  const lock = (file: string): string =>
    `perl -e 'use Fcntl; open my $f, ">", "${file}" or die; my $l = pack("ssx4qqix4", F_WRLCK, 0, 0, 0, 0); fcntl $f, F_SETLK, $l or die; $| = 1; print "held\\n"; sleep 600'`;
  for (const file of ['/var/lib/apt/lists/lock', '/var/lib/dpkg/lock-frontend']) {
    await box.must('root', 'rm -rf /var/lib/apt/lists/*');
    const holder = box.start('root', lock(file), '/');
    await holder.until('the lock', () => holder.said.includes('held'));
    const command = box.start('root', 'build/tools.sh compat', dir);
    await command.until('it said that it waits', () => command.said.includes('waiting up to 600 s'));
    holder.signal('SIGKILL');
    await holder.ended;
    const ended = await command.ended;
    if (ended.code !== 0) throw new Error(`${file}: exit code ${ended.code}\n${tail(ended.err)}`);
    held(`${file} is waited for`);
    await box.must('root', 'apt-get -qq -y purge runit daemontools strace');
  }
};

/**
 * First nobody may install, then one may, then again nobody: there is no sudo, and root has a checkout of his own; or sudo
 * knows the tester only meanwhile. `targets` are made with tools that came later.
 */
const changing = (
  codename: Codename,
  installer: User,
  targets: string,
  ...more: readonly (typeof locked)[]
): Scenario => ({
  title: `${codename}: ${installer === 'root' ? 'no sudo, then root' : 'neither root nor sudo, then sudo'}; compilers change`,
  codename,
  async attempt(box, held) {
    const sudoers = '/etc/sudoers.d/tester';
    await box.must(
      'root',
      installer === 'root' ? 'SUDO_FORCE_REMOVE=yes apt-get -qq -y purge sudo' : `mv ${sudoers} /root`,
    );
    await checkOut(box, 'tester', HOME);
    await isRefused(box);
    held('make run, make and make test say in one line what to install');
    const dir = installer === 'root' ? '/root/checkout' : HOME;
    if (installer === 'root') await checkOut(box, installer, dir);
    else await box.must('root', `mv /root/tester ${sudoers}`);
    await runs(box, installer, dir);
    held(`make run as ${installer} brings up three services, and ends cleanly`);
    await idle(box, installer, dir);
    held('a second make does nothing');
    if (installer !== 'root') await box.must('root', `rm ${sudoers}`);
    const second = '/home/tester/second checkout';
    await lend(box, dir, second);
    await compilersChange(box, second, targets, held);
    for (const each of more) await each(box, second, held);
  },
});

// the longest first
export const SCENARIOS: readonly Scenario[] = [
  bare('bookworm', 'tester', '/home/tester/my checkout', QUICK),
  // the rest of make quick runs on npm's Node.js alone, which is the same on both
  bare('trixie', 'root', '/root/my checkout', 'make contract-quick compat-quick'),
  // Node.js 18: npm leaves out what it is too old for
  changing('bookworm', 'root', 'all', plainInstall, locked),
  // the same Makefile, the same rules
  changing('trixie', 'tester', OBJECTS),
];
