// Front door of the compatibility suite: plays every case with C's programs and with ours, and compares.
//
// Promises: one line per failure with what was expected and got, at the end `N passed, N failed, N skipped`, exit status 1
// where anything failed. C's notes are taken live in the same run. Read next: model.ts, options.ts, cases/index.ts.
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CASES } from './cases/index.ts';
import { expected, mismatches, stale } from './compare.ts';
import { documentFaults, exceptionFaults } from './documented.ts';
import { excepted, exceptionFor, exceptionsOf, sample } from './flavour.ts';
import {
  BUSYBOX_NAMES,
  type Case,
  CHPST_NAMES,
  type Need,
  type Origin,
  type Outcome,
  PROGRAMS,
  type Suite,
  type Transcript,
} from './model.ts';
import { unmet } from './needs.ts';
import { type Options, parseOptions } from './options.ts';
import { closeAll, play } from './play.ts';
import { applies, C231, REFERENCE } from './suites.ts';
import { summary } from '../lib/summary.ts';

const ROOT = join(import.meta.dirname, '../..');
const options = parseOptions(process.argv.slice(2), ROOT);
const parent = mkdtempSync(join(tmpdir(), 'runitbox-compat-'));
// Some cases play as a user who owns nothing.
chmodSync(parent, 0o755);

/** Where Debian has C's programs. */
const C_PLACES = ['/usr/bin', '/usr/sbin', '/sbin', '/lib/runit'];
/** Below what; set once the package is there. */
let cRoot = '';

/** So few that they do not disturb one another. */
const TIMED_JOBS = 3;

let passed = 0;
let failed = 0;
let skipped = 0;

function pass(label: string, notes: Transcript | undefined): void {
  passed++;
  if (!options.show) return;
  console.log(`ok      ${label}`);
  for (const [key, value] of notes ?? []) console.log(`    ${key} = ${value.trimEnd().replaceAll('\n', '\n      ')}`);
}

function fail(label: string, lines: readonly string[]): void {
  failed++;
  console.log(`FAILED  ${label}`);
  for (const line of lines) console.log(`    ${line}`);
}

/** A copy where every user can reach it, whoever may enter the checkout; a build in between changes nothing either. */
const OURS = join(parent, 'runitbox');

const among = (names: readonly string[], program: string): boolean => names.includes(program);

function programFile(origin: Origin, program: string, given: Options): string {
  if (origin === 'ours') return OURS;
  if (among(BUSYBOX_NAMES, program)) return '/usr/bin/busybox';
  const file = among(CHPST_NAMES, program) ? 'chpst' : program;
  if (origin === 'c')
    return C_PLACES.map((place) => `${cRoot}${place}/${file}`).find((path) => existsSync(path)) ?? file;
  return join(given.c231 ?? '', file);
}

/** A directory of links under the programs' names, to go first in PATH. */
function makeBin(suite: Suite): string {
  const bin = join(parent, `bin-${suite.name}`);
  mkdirSync(bin);
  for (const program of PROGRAMS) {
    const file = programFile(suite.origins[program], program, options);
    if (!existsSync(file) && file !== '/usr/bin/busybox')
      throw new Error(`${file} is missing: suite ${suite.name} cannot run`);
    symlinkSync(file, join(bin, program));
  }
  return bin;
}

function judge(given: Case, suite: Suite, outcome: Outcome, reference: Outcome): void {
  const label = `${suite.name}: ${given.name}`;
  const stuck = suite !== REFERENCE && exceptionFor(given, options.flavour) === 'stuck';
  if (outcome.kind === 'broken' && stuck) pass(label, undefined);
  else if (outcome.kind === 'broken') fail(label, [outcome.reason, ...outcome.report.split('\n')]);
  else if (reference.kind === 'broken') fail(label, ['there is no reference to compare with']);
  else weigh(label, given, suite, outcome, reference);
}

type Played = Extract<Outcome, { kind: 'played' }>;

function weigh(label: string, given: Case, suite: Suite, outcome: Played, reference: Played): void {
  const faults = suite === REFERENCE ? stale(given, reference.transcript) : compared(given, suite, outcome, reference);
  if (faults.length === 0) pass(label, outcome.transcript);
  else fail(label, [given.title, ...faults, ...(options.show ? outcome.report.split('\n') : [])]);
}

function compared(given: Case, suite: Suite, outcome: Played, reference: Played): readonly string[] {
  const faults = mismatches(expected(given, suite, reference.transcript), outcome.transcript);
  const exception = exceptionFor(given, options.flavour);
  return exception === undefined ? faults : excepted(exception, faults);
}

/** Runs `jobs` with at most `limit` at a time. */
async function pool(jobs: readonly (() => Promise<void>)[], limit: number): Promise<void> {
  const queue = jobs.values();
  const worker = async () => {
    for (const job of queue) await job();
  };
  await Promise.all(Array.from({ length: limit }, worker));
}

/** The jobs of one case, the reference first; each judges itself when both are there. */
function jobsOf(given: Case, suites: readonly Suite[], bins: ReadonlyMap<Suite, string>): (() => Promise<void>)[] {
  let resolve: (outcome: Outcome) => void = () => undefined;
  const reference = new Promise<Outcome>((it) => (resolve = it));
  return suites
    .filter((suite) => applies(suite, given))
    .map((suite) => async () => {
      const outcome = await play(given, suite, parent, bins.get(suite) ?? '');
      if (suite === REFERENCE) resolve(outcome);
      judge(given, suite, outcome, await reference);
    });
}

function chosen(): readonly Case[] {
  const named = CASES.filter((it) => it.name.includes(options.filter));
  const matching = sample(named, options.share, options.flavour);
  const missing = unmet(matching.flatMap((it): readonly Need[] => it.needs ?? []));
  const lacks = (it: Case) => it.needs?.some((need) => missing.has(need));
  for (const it of matching.filter(lacks)) {
    skipped++;
    console.log(`SKIPPED ${it.name}: needs ${it.needs?.join(' and ')}`);
  }
  return matching.filter((it) => !lacks(it));
}

async function main(): Promise<void> {
  const begun = performance.now();
  const suites = [REFERENCE, ...options.suites.filter((it) => it !== REFERENCE)];
  if (suites.includes(C231) && options.c231 === undefined) throw new Error('suite c231 wants --c231 DIR');
  copyFileSync(options.ours, OURS);
  cRoot = execFileSync(join(ROOT, 'test/reference.sh'), [join(parent, 'c')], { encoding: 'utf8' }).trim();
  const bins = new Map(suites.map((suite) => [suite, makeBin(suite)]));
  const cases = chosen();
  const rounds = Array.from({ length: options.repeat }, () => cases).flat();
  const jobs = (timed: boolean) =>
    rounds.filter((it) => (it.timed === true) === timed).flatMap((given) => jobsOf(given, suites, bins));
  await pool(jobs(false), options.jobs);
  await pool(jobs(true), Math.min(TIMED_JOBS, options.jobs));
  const faults = options.filter === '' ? [...documentFaults(CASES, join(ROOT, 'docs/differences.md'))] : [];
  const excepting = exceptionsOf(options.flavour);
  if (excepting.length > 0) faults.push(...exceptionFaults(excepting, CASES, join(ROOT, 'docs/node.md')));
  for (const fault of faults) fail('docs', [fault]);
  const seconds = Math.round((performance.now() - begun) / 1000);
  console.log(`${cases.length} cases, suites ${suites.map((it) => it.name).join(' ')}, ${seconds} s`);
}

async function leave(status: number): Promise<never> {
  await closeAll();
  rmSync(parent, { recursive: true, force: true });
  process.exit(status);
}

for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => void leave(130));
try {
  await main();
} catch (cause) {
  fail('suite', [String(cause)]);
}
console.log(summary({ passed, failed, skipped }));
await leave(failed === 0 ? 0 : 1);
