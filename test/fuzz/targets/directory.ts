// A life of the real runsv on the simulated kernel, whose service directory holds the input: value files, messages on the
// notification socket, what ./check prints, or names in dependencies.d.
//
// What must hold: ./run starts as in classic runit (one with dependencies waits for them), each thing wrong is reported once, on a
// line of its own without control bytes, the files of `supervise` can be read, and runsv ends when told to.
// Read first: values.ts, network.ts (the readers alone), ../../sim/service-scenario.ts.
import { runsv } from '../../../src/applets/runsv.ts';
import { dependencyWords, namesDependency } from '../../../src/formats/dependency.ts';
import { faultIn, VALUE_FILES } from '../../../src/formats/value-files.ts';
import { decodeState } from '../../../src/formats/state.ts';
import { decodeStatus } from '../../../src/formats/status.ts';
import { historyTroubles } from '../../lib/history.ts';
import { type Behaviour, VirtualKernel } from '../../sim/kernel/kernel.ts';
import { sendTo } from '../../sim/kernel/sockets.ts';
import { insist, same, type Target } from '../model.ts';

const SVC = '/scan/svc';
const SOON_MS = 300;
const STOP_MS = 3000;
const KILL_MS = 5000;
const OVER_MS = 20_000;
/** runsv reads no more of a value file. */
const LONGEST_VALUE = 256;
const NAME_MAX = 255;
/** Files that runsv does not read, or only where others say so. */
const NOT_ALWAYS = ['reload-signal', 'timeout-finish', 'timeout-up', 'timeout-watchdog', 'check-interval'];

const forever: Behaviour = { onTerm: 'die' };

const newKernel = (run: Behaviour): VirtualKernel => {
  const kernel = new VirtualKernel({ seed: 1, trace: 0 });
  kernel.user.program(`${SVC}/run`, run);
  return kernel;
};

interface Life {
  readonly lines: readonly string[];
  /** When ./run was started. */
  readonly startsMs: readonly number[];
}

/** Runs it for three seconds, then tells it to exit. */
const live = (kernel: VirtualKernel, startsMs: readonly number[]): Life => {
  kernel.at(STOP_MS, () => {
    const status = kernel.user.read(`${SVC}/supervise/status`) ?? '';
    insist(status.length === 20 && decodeStatus(status) !== null, 'status is whole');
    const state = kernel.user.read(`${SVC}/supervise/state.json`);
    insist(state === null || decodeState(state) !== null, 'state.json can be read');
    const history = kernel.user.read(`${SVC}/supervise/history.jsonl`);
    if (history !== null) same(historyTroubles(history, new Map()), [], 'history.jsonl');
    kernel.user.send(`${SVC}/supervise/control`, 'x');
  });
  kernel.at(KILL_MS, () => kernel.user.send(`${SVC}/supervise/control`, 'k'));
  kernel.at(OVER_MS, () => {
    throw new Error('does not hold: runsv ends when told to');
  });
  const ending = kernel.run(() => runsv.run(['runsv', SVC]), { argv: ['runsv', SVC] });
  same(ending, { how: 'exited', code: 0 }, 'how runsv ended');
  const lines = kernel.stderr.text.split('\n').slice(0, -1);
  same(lines, [...new Set(lines)], 'each line once');
  for (const line of lines) {
    insist(/^runsv \/scan\/svc: warning: [ -~\x80-\xff]*$/.test(line), `a line is a warning in plain text: ${line}`);
    insist(line.length < 700, 'a line is short');
  }
  return { lines, startsMs };
};

const warnings = (lines: readonly string[], start: string): number =>
  lines.filter((line) => line.startsWith(`runsv ${SVC}: warning: ${start}`)).length;

/** A letter for each of VALUE_FILES, then the content. */
const asValue = (input: string): void => {
  const startsMs: number[] = [];
  const kernel = newKernel({ ...forever, onStart: () => startsMs.push(kernel.nowMs) });
  const file = VALUE_FILES[input.charCodeAt(0) % VALUE_FILES.length] as string;
  const text = input.slice(1);
  kernel.user.file(`${SVC}/${file}`, text);
  kernel.user.program(`${SVC}/check`, { livesMs: 10 });
  const { lines } = live(kernel, startsMs);
  same(startsMs.length, 1, 'one start');
  insist((startsMs[0] as number) < SOON_MS, 'it starts at once');
  const isWrong = faultIn(file, text.slice(0, LONGEST_VALUE)) !== null;
  if (!NOT_ALWAYS.includes(file)) same(warnings(lines, `${file}: `), isWrong ? 1 : 0, `warnings of ${file}`);
  insist(lines.length <= 2, 'one warning, and one that nothing can come of it');
};

const BETWEEN = '\x1e';

/** Messages of one start. */
const asMessages = (input: string): void => {
  const startsMs: number[] = [];
  const messages = input.split(BETWEEN);
  const kernel = newKernel({
    ...forever,
    onStart: (process, world) => {
      startsMs.push(kernel.nowMs);
      const entry = process.env.find((each) => each.startsWith('NOTIFY_SOCKET=')) ?? '';
      for (const message of messages) sendTo(world, entry.slice('NOTIFY_SOCKET='.length), [message, process.pid, 0]);
    },
  });
  kernel.user.file(`${SVC}/notification-socket`, '');
  const { lines } = live(kernel, startsMs);
  insist((startsMs[0] as number) < SOON_MS, 'it starts at once');
  // an expired watchdog is what ends it
  insist(startsMs.length === 1 || /WATCHDOG/.test(input), 'it goes on');
  insist(
    lines.every((line) => /MAINPID|process \d+/.test(line)),
    `nothing else is warned of: ${lines.join('; ')}`,
  );
};

/** The output of ./check, on a descriptor that refuses it or to standard error; the first character is the exit code. */
const asCheckOutput = (input: string): void => {
  const startsMs: number[] = [];
  const kernel = newKernel({ ...forever, onStart: () => startsMs.push(kernel.nowMs) });
  const exit = input.charCodeAt(0) % 3;
  kernel.user.file(`${SVC}/check-interval`, '300\n');
  const writes = [{ bytes: input.slice(1) }];
  kernel.user.program(`${SVC}/check`, { livesMs: 10, exit: exit === 2 ? { signal: 11 } : exit, writes });
  const { lines } = live(kernel, startsMs);
  same([startsMs.length, lines], [1, []], 'one start, no warning');
  const ready = exit === 0;
  insist((decodeState(kernel.user.read(`${SVC}/supervise/state.json`) ?? '')?.failures ?? 0) === 0, 'no failure');
  insist(
    !ready || /"event":"ready"/.test(kernel.user.read(`${SVC}/supervise/history.jsonl`) ?? ''),
    'it becomes ready',
  );
};

/** Lines: a name and, behind `=`, what stands in the file. */
const asDependencies = (input: string): void => {
  const startsMs: number[] = [];
  const kernel = newKernel({ ...forever, onStart: () => startsMs.push(kernel.nowMs) });
  const awaited: string[] = [];
  const seen = new Set<string>();
  for (const line of input.split('\n').slice(0, 8)) {
    const at = line.indexOf('=');
    const name = (at < 0 ? line : line.slice(0, at)).slice(0, NAME_MAX);
    if (name === '' || /[\0/]/.test(name) || name === '.' || name === '..' || seen.has(name)) continue;
    seen.add(name);
    const text = at < 0 ? '' : line.slice(at + 1);
    kernel.user.file(`${SVC}/dependencies.d/${name}`, text);
    if (namesDependency(name) && name !== 'svc' && !dependencyWords(text.slice(0, LONGEST_VALUE)).optional)
      awaited.push(name);
  }
  const { lines } = live(kernel, startsMs);
  same(startsMs.length, awaited.length === 0 ? 1 : 0, 'a start, unless it has to wait');
  insist(startsMs.length === 0 || (startsMs[0] as number) < SOON_MS, 'it starts at once');
  same(warnings(lines, 'waiting for '), awaited.length, 'a line for each that is missing');
};

const KINDS = [asValue, asMessages, asCheckOutput, asDependencies] as const;

const seedsOf = (kind: number, inputs: readonly string[]): readonly string[] =>
  inputs.map((input) => String.fromCharCode(48 + kind) + input);

export const directories: Target = {
  name: 'service directories',
  files:
    /src\/(effects\/service\/(policy|readiness|notification|checking|dependencies|listing|examining)|formats\/(values|notify|dependency))\.ts$/,
  words: [
    'optional',
    'restart',
    'READY=1',
    'STATUS=',
    'WATCHDOG=trigger',
    BETWEEN,
    '\n',
    '=',
    '1000',
    'svc',
    '.x',
    'SIG',
    'never',
  ],
  longest: 5000,
  share: 3,
  seeds: [
    ...seedsOf(
      0,
      VALUE_FILES.flatMap((_, at) => ['500\n', 'x', '\xff\x1b[2J'].map((text) => String.fromCharCode(55 + at) + text)),
    ),
    ...seedsOf(1, ['READY=1', `STATUS=a${BETWEEN}READY=1\nMAINPID=7`, 'STOPPING=1', 'WATCHDOG_USEC=1', '\0']),
    ...seedsOf(2, ['0yes\n', '1no', '2\x1b[2J']),
    ...seedsOf(3, [
      'db',
      'db=optional',
      'svc',
      '.x',
      'a=restart\nb=what\nproc',
      '\x1b[2J',
      'web=optional restart\n\xff',
    ]),
  ],
  run(input) {
    if (input === '') return;
    const kind = KINDS[input.charCodeAt(0) % KINDS.length] as (text: string) => void;
    if (input.length > 1) kind(input.slice(1));
  },
};
