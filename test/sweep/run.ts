// Front door of the sweeps: each system call of each program refused once with each error that it may give, and the
// program killed before each. Afterwards all must be as if nothing had been.
//
// `node test/sweep/run.ts [--sample N] [--seed S] [--filter TARGET] [--only TEXT] [--case 'TARGET: CALL NTH ERROR'] [--jobs N] [--binary FILE]`; ends in `N passed,
// N failed`, exit status 1 where anything failed. Which calls there are is found out by playing each life once while it is
// recorded, so new ones are swept without a word here. Wants root (namespaces).
// Read next: targets.ts, calls.ts, inject.c.
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { sleep } from '../lib/wait.ts';
import { World } from '../fault/world.ts';
import { Random } from '../sim/random.ts';
import { callNames, errnoOf, refusalsOf, type Refusal } from './calls.ts';
import { TARGETS, type Target } from './targets.ts';

const ROOT = join(import.meta.dirname, '../..');
const INJECT = join(ROOT, 'out/inject');
const PROGRAMS = ['runsv', 'runsvdir', 'sv', 'svlogd'];
const CASE_MS = 400_000;

const { values } = parseArgs({
  options: {
    sample: { type: 'string', default: '0' },
    seed: { type: 'string', default: String(Math.floor(Date.now() / 1000) % 1_000_000) },
    filter: { type: 'string', default: '' },
    /** In the title of a case: `kill`, `open `. */
    only: { type: 'string', default: '' },
    case: { type: 'string', default: '' },
    jobs: { type: 'string', default: '4' },
    binary: { type: 'string', default: join(ROOT, 'dist/runitbox') },
    list: { type: 'boolean', default: false },
  },
});

interface Case {
  readonly target: Target;
  readonly number: number;
  readonly call: string;
  readonly nth: number;
  readonly act: Refusal | 'kill';
}

const titleOf = ({ target, call, nth, act }: Case): string => `${target.name}: ${call} ${nth} ${act}`;

const home = mkdtempSync(join(tmpdir(), 'runitbox-sweep-'));
const open = new Set<World>();
/** Worlds whose life took too long, and may still start something. */
const late: World[] = [];
const counts = { passed: 0, failed: 0, missed: 0 };
let made = 0;

/** The programs under their names, twice: a target may put something else in the place of one. */
const prepareBin = (): string => {
  const bin = join(home, `bin-${made++}`);
  mkdirSync(join(bin, 'real'), { recursive: true });
  for (const name of PROGRAMS)
    for (const folder of [bin, join(bin, 'real')]) symlinkSync(join(home, 'runitbox'), join(folder, name));
  return bin;
};

const tooLong = async (world: World): Promise<never> => {
  await sleep(CASE_MS);
  if (open.has(world)) late.push(world);
  throw new Error(`took longer than ${CASE_MS / 1000} s`);
};

/** Plays a life with one call failing; what was wrong, as lines. */
const attempt = async (target: Target, inject: readonly string[], killed: boolean): Promise<readonly string[]> => {
  const bin = prepareBin();
  const world = new World(bin);
  open.add(world);
  try {
    await Promise.race([target.play({ world, bin, inject, killed }), tooLong(world)]);
    const unclear = world.unclear();
    return unclear.length === 0 ? [] : ['messages that are not one clear line:', ...unclear];
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    return [...text.split('\n').filter((line) => line !== ''), ...world.report()];
  } finally {
    await world.close();
    open.delete(world);
    rmSync(bin, { recursive: true, force: true });
  }
};

const textOf = (path: string): string => {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
};

/** The calls of a life, each with how often it comes. */
const record = async (target: Target): Promise<readonly number[]> => {
  const file = join(home, `record-${made++}`);
  const faults = await attempt(target, [INJECT, file, 'record'], false);
  const numbers = textOf(file).split('\n').slice(0, -1).map(Number);
  if (faults.length === 0 && numbers.length > 0) return numbers;
  throw new Error(`${target.name} fails although nothing was refused: ${faults.join(' | ')}`);
};

const casesOf = (target: Target, numbers: readonly number[], names: ReadonlyMap<number, string>): readonly Case[] => {
  const often = new Map<number, number>();
  for (const number of numbers) often.set(number, (often.get(number) ?? 0) + 1);
  const cases: Case[] = [];
  for (const [number, times] of often) {
    const call = names.get(number) ?? String(number);
    for (let nth = 1; nth <= times; nth++) {
      const one = { target, number, call, nth };
      cases.push(...refusalsOf(call).map((act): Case => ({ ...one, act })), { ...one, act: 'kill' });
    }
  }
  return cases;
};

/** docs/system-calls.md knows each call. */
const checkDescribed = (target: Target, cases: readonly Case[]): void => {
  const described = readFileSync(join(ROOT, 'docs/system-calls.md'), 'latin1');
  const unknown = [...new Set(cases.map(({ call }) => call))].filter((call) => !described.includes(`\`${call}\``));
  counts[unknown.length === 0 ? 'passed' : 'failed']++;
  if (unknown.length > 0) console.log(`FAILED  ${target.name}: not in docs/system-calls.md: ${unknown.join(' ')}`);
};

const play = async (given: Case): Promise<void> => {
  const file = join(home, `hit-${made++}`);
  const act = given.act === 'kill' ? 'kill' : String(errnoOf(given.act));
  const inject = [INJECT, file, String(given.number), String(given.nth), act];
  let faults = await attempt(given.target, inject, given.act === 'kill');
  const hit = textOf(file) !== '';
  // no two lives are alike to the last call
  if (!hit) counts.missed++;
  if (faults.length > 0 && !hit) faults = ['the call did not come', ...faults];
  counts[faults.length === 0 ? 'passed' : 'failed']++;
  if (faults.length === 0) return;
  console.log(`FAILED  ${titleOf(given)}`);
  for (const line of faults) console.log(`        ${line}`);
};

const sampled = (all: readonly Case[], count: number, random: Random): readonly Case[] => {
  if (count === 0 || count >= all.length) return all;
  // one of each call and error of each target first, then any: rare calls are where nobody has looked
  const rest = [...all];
  for (let at = rest.length - 1; at > 0; at--) {
    const other = random.int(at + 1);
    [rest[at], rest[other]] = [rest[other] as Case, rest[at] as Case];
  }
  const seen = new Set<string>();
  const first = rest.filter(({ target, call, act }) => {
    const kind = `${target.name} ${call} ${act}`;
    return !seen.has(kind) && seen.add(kind);
  });
  const others = rest.filter((each) => !first.includes(each));
  return [...first, ...others].slice(0, count);
};

const leave = async (status: number): Promise<never> => {
  for (const world of [...open, ...late]) await world.close();
  rmSync(home, { recursive: true, force: true });
  process.exit(status);
};

const targetsWanted = (): readonly Target[] => {
  const [name = ''] = values.case.split(':');
  if (values.case !== '') return TARGETS.filter((target) => target.name === name);
  return TARGETS.filter((target) => target.name.includes(values.filter));
};

const main = async (): Promise<void> => {
  // a copy, so that a build in between changes nothing
  copyFileSync(values.binary, join(home, 'runitbox'));
  const names = callNames();
  const all: Case[] = [];
  for (const target of targetsWanted()) {
    const numbers = await record(target);
    const cases = casesOf(target, numbers, names);
    checkDescribed(target, cases);
    console.log(`${target.name}: ${numbers.length} calls, ${cases.length} cases`);
    all.push(...cases);
  }
  const isWanted = (title: string): boolean =>
    values.case === '' ? title.includes(values.only) : title === values.case;
  const wanted = all.filter((given) => isWanted(titleOf(given)));
  const chosen = sampled(wanted, Number(values.sample), new Random(Number(values.seed)));
  if (values.list) {
    for (const given of chosen) console.log(titleOf(given));
    return;
  }
  const queue = chosen.values();
  const worker = async (): Promise<void> => {
    for (const given of queue) await play(given);
  };
  await Promise.all(Array.from({ length: Number(values.jobs) }, worker));
};

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => void leave(130));
const begun = performance.now();
const tell = (cause: unknown): void => {
  counts.failed++;
  console.log(`FAILED  ${cause instanceof Error ? cause.message : String(cause)}`);
};
// of a life that took too long, and goes on without its programs
process.on('uncaughtException', tell);
await main().catch(tell);
const seconds = Math.round((performance.now() - begun) / 1000);
console.log(`${made} lives in ${seconds} s, seed ${values.seed}; in ${counts.missed} the call did not come`);
console.log(`${counts.passed} passed, ${counts.failed} failed`);
await leave(counts.failed === 0 ? 0 : 1);
