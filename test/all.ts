// Plays every suite and sums up: `all.ts [--quick] [--lanes N] [NAME ...]`. The last line is `N passed, N failed, N skipped`; exit code 1
// where anything failed, or was skipped: a machine that has what the README asks for can play all. RUNITBOX_ALLOW_SKIPS=1, for one
// that has not, lets them be.
//
// First come, one by one, what the others build on (all that more than one suite needs is built here, so no two makes ever build at
// once) and what measures time, with nothing beside it. The rest goes in three lanes: suites that compute beside two that mostly wait.
// A suite is a make target. What it prints is in out/test/NAME.log as it comes, and shown as a whole when it ends; its tests are
// counted by their summaries (lib/summary.ts), else it counts as one. Read next: lib/runner.ts, ../build/checks.mk.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { added, type Counts, countsIn, failuresIn, skipsIn, summary } from './lib/summary.ts';

/** `first` and `alone`: one by one, with nothing beside them; the others are lanes. */
type Place = 'first' | 'alone' | 'computes' | 'waits';

interface Suite {
  readonly name: string;
  readonly place: Place;
  readonly words: readonly string[];
}

const suite = (place: Place, name: string, ...words: readonly string[]): Suite => ({ place, name, words });

// what takes most of its lane's time first; what is light beside what is heavy
const SUITES: readonly Suite[] = [
  suite('first', 'check'),
  suite('first', 'test-builds', '-j2'),
  suite('first', 'size'),
  suite('alone', 'bench-quick'),
  suite('alone', 'bench-log-quick'),
  suite('computes', 'fresh-test'),
  suite('computes', 'pkg-test'),
  suite('computes', 'svlogd'),
  suite('computes', 'fuzz', 'SECONDS=60'),
  suite('computes', 'sim'),
  suite('computes', 'contract'),
  suite('computes', 'contract-ng'),
  suite('computes', 'repro'),
  suite('computes', 'arch-quick'),
  suite('computes', 'release-test'),
  suite('computes', 'unit'),
  suite('waits', 'docker-test'),
  suite('waits', 'fault'),
  suite('waits', 'init-test'),
  suite('waits', 'compat'),
  suite('waits', 'sweep-sample'),
  suite('waits', 'soak', 'MINUTES=1'),
  suite('waits', 'one-quick'),
  suite('waits', 'docs-test'),
  suite('waits', 'operations'),
  suite('waits', 'qemu'),
];

/** A sample in a minute and a half. */
const QUICK: readonly Suite[] = [
  suite('first', 'quick-builds', '-j2'),
  suite('first', 'size'),
  suite('computes', 'unit'),
  suite('computes', 'contract-quick'),
  suite('computes', 'sim', 'SEQUENCES=1000'),
  suite('waits', 'check'),
  suite('waits', 'compat-quick'),
];

const LOGS = 'out/test';

/** Whatever -j make was given: a suite says itself how much it does at a time. */
const flags = (process.env['MAKEFLAGS'] ?? '').replaceAll(/(^| )(-j\S*|--jobserver-\S+)/g, '');

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false }, lanes: { type: 'string', default: '3' } },
});

const running = new Set<ChildProcess>();
const rows: string[] = [];
const failures: string[] = [];
const skips: string[] = [];
let total: Counts = { passed: 0, failed: 0, skipped: 0 };

// Ctrl-C reaches all that a terminal runs; what is sent to this process alone is passed on
let interrupted = false;
process.on('SIGINT', () => (interrupted = true));
for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    interrupted = true;
    for (const child of running) child.kill(signal);
  });
}

const endOf = (child: ChildProcess): Promise<number> =>
  new Promise((resolve) => {
    running.add(child);
    child.on('error', () => resolve(1));
    child.on('close', (code) => {
      running.delete(child);
      resolve(code ?? 1);
    });
  });

/** Processor time of all children that have ended, theirs included, in seconds: fields 16 and 17 of /proc/self/stat. */
const childrenSeconds = (): number => {
  const [, fields = ''] = readFileSync('/proc/self/stat', 'latin1').split(/\) (.*)/s);
  const [user = 0, system = 0] = fields.split(' ').slice(13, 15).map(Number);
  return (user + system) / 100;
};
let countedSeconds = 0;

/** Since the last call: called when a suite has ended, it is what that suite took. */
const processorSeconds = (): string => {
  const before = countedSeconds;
  countedSeconds = childrenSeconds();
  return (countedSeconds - before).toFixed(0);
};

const count = (output: string, code: number): Counts => {
  const counts = countsIn(output) ?? { passed: code === 0 ? 1 : 0, failed: 0, skipped: 0 };
  // a suite that fails without a failed test has failed all the same
  return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
};

const rowOf = (name: string, { passed, failed, skipped }: Counts, seconds: string, processor: string): string =>
  `${name.padEnd(15)} ${String(passed).padStart(6)} passed ${String(failed).padStart(4)} failed ` +
  `${String(skipped).padStart(4)} skipped ${seconds.padStart(5)} s ${processor.padStart(5)} s of processors`;

const play = async ({ name, words }: Suite): Promise<void> => {
  const sinceMs = performance.now();
  console.log(`== ${name} starts`);
  const path = join(LOGS, `${name}.log`);
  const log = openSync(path, 'w');
  const child = spawn('make', ['--no-print-directory', name, ...words], {
    stdio: ['ignore', log, log],
    env: { ...process.env, MAKEFLAGS: flags },
  });
  closeSync(log);
  const code = await endOf(child);
  const processor = processorSeconds();
  const output = readFileSync(path, 'utf8');
  const counts = count(output, code);
  const row = rowOf(name, counts, ((performance.now() - sinceMs) / 1000).toFixed(0), processor);
  total = added(total, counts);
  rows.push(row);
  const own = failuresIn(output);
  if (counts.failed > 0)
    failures.push(...(own.length > 0 ? own : [`exit code ${code}`]).map((one) => `${name}: ${one}`));
  const reasons = skipsIn(output);
  skips.push(...reasons.map((one) => `${name}: ${one}`));
  if (reasons.length < counts.skipped) skips.push(`${name}: ${counts.skipped - reasons.length} without a reason`);
  process.stdout.write(`== ${row}\n${output}`);
};

/** A lane takes what is meant for it, then what is left of the others. */
const playLanes = async (suites: readonly Suite[], lanes: number): Promise<void> => {
  const left = [...suites];
  const lane = async (prefers: Place): Promise<void> => {
    for (;;) {
      const next = left.find(({ place }) => place === prefers) ?? left[0];
      if (next === undefined || interrupted) return;
      left.splice(left.indexOf(next), 1);
      await play(next);
    }
  };
  const preferences = Array.from({ length: lanes }, (_, at): Place => (at === 0 ? 'computes' : 'waits'));
  await Promise.all(preferences.map(lane));
};

const section = (title: string, lines: readonly string[]): void => {
  if (lines.length > 0) console.log([`== ${title}`, ...lines].join('\n'));
};

const SKIPS_FAIL = 'each counts as failed; RUNITBOX_ALLOW_SKIPS=1 lets them be skipped';

/** Skipped tests have shown nothing: where they must not be, they count as failed. */
const conclude = (seconds: string): number => {
  const mayBeSkipped = process.env['RUNITBOX_ALLOW_SKIPS'] === '1';
  section('skipped', mayBeSkipped ? skips : [...skips, ...(skips.length === 0 ? [] : [SKIPS_FAIL])]);
  section('failed', failures);
  section('summary', [...rows, `${seconds} s`]);
  const { passed, failed, skipped } = total;
  const counts = mayBeSkipped ? total : { passed, failed: failed + skipped, skipped: 0 };
  console.log(summary(counts));
  return counts.failed === 0 && passed > 0 ? 0 : 1;
};

const sinceMs = performance.now();
const all = values.quick ? QUICK : SUITES;
const unknown = positionals.find((name) => !all.some((one) => one.name === name));
if (unknown !== undefined) {
  console.error(`no suite ${unknown}; there are ${all.map(({ name }) => name).join(' ')}`);
  process.exit(2);
}
const chosen = positionals.length === 0 ? all : all.filter(({ name }) => positionals.includes(name));
const isLane = ({ place }: Suite): boolean => place === 'computes' || place === 'waits';
mkdirSync(LOGS, { recursive: true });
for (const one of chosen.filter((given) => !isLane(given))) if (!interrupted) await play(one);
await playLanes(chosen.filter(isLane), Math.max(1, Number(values.lanes)));
const code = conclude(((performance.now() - sinceMs) / 1000).toFixed(0));
process.exit(interrupted ? 130 : code);
