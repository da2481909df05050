// Every program with any arguments, on the virtual kernel: each says what is wrong and exits, or does something; none throws.
import { multicall } from '../../../src/applets/runitbox.ts';
import type { Calls } from '../../../src/host/calls.ts';
import { ENOENT } from '../../../src/abi/errno.ts';
import { SPAWN_FAILED } from '../../../src/abi/flags.ts';
import { sys, useHost } from '../../../src/host/sys.ts';
import { applets } from '../../../src/whole.ts';
import { VirtualKernel } from '../../sim/kernel/kernel.ts';
import { insist, type Target } from '../model.ts';

/** What the virtual kernel does not have. */
const ANSWERS: Readonly<Record<string, unknown>> = {
  numericCall: 0,
  // no program is there
  spawn: -(SPAWN_FAILED + ENOENT),
  setgroups: 0,
  setaffinity: 0,
  chroot: 0,
  capabilities: [0, 0xffffffff, 0, 0, 0x1ff, 0],
  rlimit: [100, 1000],
};

const withAnswers = (host: Calls): Calls =>
  new Proxy(host, {
    get: (target, name: keyof Calls) =>
      name in ANSWERS ? () => ANSWERS[name] : (target[name] as (...args: readonly unknown[]) => unknown).bind(target),
  });

const machine = (): VirtualKernel => {
  const kernel = new VirtualKernel();
  const { user } = kernel;
  user.file('/bin/true', '\x7fELF', 0o755);
  user.file('/etc/passwd', 'log:x:100:101::/:\n');
  user.file('/etc/group', 'adm:x:4:log\n');
  user.file('/env/A', 'x\n');
  user.file('/file', 'A=1\n');
  user.folder('/etc/runit/runsvdir/a');
  user.symlink('a', '/etc/runit/runsvdir/current');
  user.folder('/dir');
  return kernel;
};

const NAMES = applets.map(({ name }) => name);
const WORDS = [
  'true',
  '/env',
  '/file',
  '/dir',
  '/none',
  'log',
  ':1:2',
  '1',
  '-1',
  '0',
  'web',
  'status',
  'up',
  'a',
  '',
  '-',
  '--',
  '--help',
  '-h',
  '--version',
];
const OPTIONS = applets.flatMap(({ help }) =>
  help.options.map(({ letter, long }) => (letter === undefined ? `--${long}` : `-${letter}`)),
);

const MOST_CALLS = 250;
/** svok and setlock -x say nothing, and what runsvdir says goes where its LOG argument shows it. */
const SILENT = /x|svok|runsvdir/;

/** Arguments, a NUL between two. */
export const argumentVectors: Target = {
  name: 'argument vectors',
  files: /src\/(applets|cli|client)\/.*\.ts$/,
  words: [
    ...NAMES.map((name) => `${name}\0`),
    ...WORDS.map((word) => `\0${word}`),
    ...OPTIONS.map((word) => `\0${word}`),
    '=',
    'runitbox\0--install\0-s\0/dir',
  ],
  longest: 300,
  share: 6,
  seeds: [
    ...NAMES,
    ...NAMES.map((name) => `${name}\0-V`),
    ...NAMES.map((name) => `${name}\0/dir\0true`),
    ...NAMES.map((name) => `${name}\0-x\0--help`),
  ],
  run(input) {
    const argv = input.split('\0');
    const kernel = machine();
    // a supervisor would go on for ever
    kernel.killMainAt(MOST_CALLS);
    const ending = kernel.run(
      () => {
        useHost(withAnswers(sys));
        return multicall(applets, argv);
      },
      { argv, env: ['PATH=/bin'], path: '/bin/runitbox' },
    );
    if (ending.how !== 'exited') return;
    insist(Number.isInteger(ending.code) && ending.code >= 0 && ending.code <= 255, 'an exit code is one');
    if (ending.code === 0 || SILENT.test(input)) return;
    insist(kernel.stderr.text + kernel.stdout.text !== '', 'a failure is told');
  },
};
