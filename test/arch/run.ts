// Executables for other processors: built by the caller, run here under qemu-user, and on emulated machines.
//
// --arch arm64,s390x: these. --quick: only what needs neither a kernel that has binfmt_misc in user namespaces nor a foreign kernel.
// Read next: foreign.ts (where they run), emulation.ts (what the emulator cannot), tree.ts, pages.ts, boot.ts, machines.ts; ../lib/runner.ts.
import { accessSync, constants, mkdirSync, rmSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { oneOrMore, parseOptions } from '../lib/options.ts';
import { mustRun, run } from '../lib/run.ts';
import { Suite, type Test } from '../lib/runner.ts';
import { makeTemporary } from '../lib/temporary.ts';
import { boots } from './boot.ts';
import { NOT_UNDER_QEMU_USER, unexpectedFailures } from './emulation.ts';
import { enterForeignNamespace } from './foreign.ts';
import { MACHINES } from './machines.ts';
import { givesBackPages } from './pages.ts';
import { PROCESSORS, pagesUnder, type Processor, registration } from './processors.ts';
import { playTree } from './tree.ts';

const ROOT = join(import.meta.dirname, '../..');
const BOOT = '.cache/boot';
const OURS = resolve('dist/runitbox');

const values = parseOptions({ arch: { type: 'string' }, quick: { type: 'boolean', default: false } });
const names = oneOrMore(
  'arch',
  values.arch,
  PROCESSORS.map(({ name }) => name),
);
const processors = PROCESSORS.filter(({ name }) => names.includes(name));

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

const emulatorOf = ({ qemu }: Processor): string => {
  const paths = (process.env['PATH'] ?? '').split(delimiter);
  const found = [`qemu-${qemu}-static`, `qemu-${qemu}`].flatMap((name) => paths.map((dir) => join(dir, name)));
  const emulator = found.find(isExecutable);
  if (emulator === undefined) throw new Error(`expected qemu-${qemu}-static in PATH`);
  return emulator;
};

const executableOf = ({ name }: Processor): string => resolve('dist', name, 'runitbox');
const contractOf = ({ name }: Processor): string => resolve('out/quickjs', name, 'contract');

/** No directory outlives the suite. */
const freshDir = (work: string, name: string): string => {
  const dir = join(work, name);
  mkdirSync(dir);
  return dir;
};

/** A title's part: qemu 7.2 swaps bytes behind a socket address that is too short, and crashes. */
const unplayable = ({ bigEndian }: Processor): string => (bigEndian ? 'calls with random arguments' : 'none');

/** What executes nothing, so that an emulator that is called by name will do. */
const alone = (processor: Processor, work: string): readonly Test[] => [
  {
    title: `${processor.name}: the executable starts, and has the programs and the version of ours`,
    attempt: async () => {
      const emulator = emulatorOf(processor);
      for (const option of ['--version', '--list', '--list-full', '--help']) {
        const [theirs, ours] = [
          await mustRun([emulator, executableOf(processor), option]),
          await mustRun([OURS, option]),
        ];
        if (theirs !== ours) throw new Error(`${option}: expected\n${ours}\ngot\n${theirs}`);
      }
    },
  },
  ...pagesUnder(processor, emulatorOf(processor)).map((page) => ({
    title: `${processor.name}: svlogd gives back whole pages of ${page / 1024} KiB, and loses no line`,
    attempt: (hands: Parameters<Test['attempt']>[0]) =>
      givesBackPages(
        emulatorOf(processor),
        executableOf(processor),
        page,
        freshDir(work, `${processor.name}-${page}`),
        hands,
      ),
  })),
];

const inNamespace = (processor: Processor, work: string, skipReason: string | undefined): readonly Test[] => [
  {
    title: `${processor.name}: the contract of system calls holds, but for what qemu-user cannot do`,
    skipReason,
    attempt: async () =>
      unexpectedFailures((await run([contractOf(processor), '', unplayable(processor)])).text, NOT_UNDER_QEMU_USER),
  },
  {
    title: `${processor.name}: a supervised tree starts, logs, restarts, comes back after a kill, and stops`,
    skipReason,
    attempt: (hands) => playTree(executableOf(processor), freshDir(work, `${processor.name}-tree`), hands),
  },
  {
    title: `${processor.name}: a sample of the compatibility suite passes`,
    skipReason,
    attempt: async () => {
      const sample = ['--suites', 'ours', '--filter', 'sv-commands', '--share', '4', '--jobs', '2'];
      await mustRun([process.execPath, 'test/compat/run.ts', ...sample, '--ours', executableOf(processor)]);
    },
  },
];

const booting = (processor: Processor, work: string): readonly Test[] => {
  const machine = MACHINES[processor.name];
  if (machine === undefined) return [];
  const { name } = processor;
  return [
    {
      title: `${name}: a kernel with pages of ${machine.pageKiB} KiB boots it; svlogd loses no line, and the contract holds there`,
      attempt: (hands) =>
        boots(
          {
            machine,
            kernel: join(BOOT, name, 'vmlinuz'),
            busybox: join(BOOT, name, 'busybox'),
            executable: executableOf(processor),
            contract: contractOf(processor),
            runsHere: OURS,
          },
          freshDir(work, `${name}-boot`),
          hands,
        ),
    },
  ];
};

process.chdir(ROOT);
const cannot = values.quick
  ? null
  : await enterForeignNamespace(processors.map((processor) => registration(processor, emulatorOf(processor))));
const suite = new Suite(values, { jobs: 2 });
await suite.run(async () => {
  const work = makeTemporary('arch');
  suite.defer(() => rmSync(work, { recursive: true, force: true }));
  const tests = processors.flatMap((processor) => [
    ...alone(processor, work),
    ...(values.quick ? [] : inNamespace(processor, work, cannot ?? undefined)),
    ...(values.quick ? [] : booting(processor, work)),
  ]);
  await suite.play(suite.choose(tests));
});
