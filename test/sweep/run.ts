// The sweeps: each system call of each program refused once with each error that it may give, and the program killed before
// each. Afterwards all must be as if nothing had been.
//
// --sample N: so many of the cases, from --seed; --filter TARGET, --only TEXT (in the title of a case: `kill`, `open `),
// --case 'TARGET: CALL NTH ERROR'. Which calls there are is found out by playing each life once while it is recorded, so new ones
// are swept without a word here. Wants root (namespaces).
// Read next: targets.ts, calls.ts, inject.c; ../lib/options.ts (the other options), ../lib/runner.ts.
import { copyFileSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { World } from '../fault/world.ts';
import { parseOptions, wholeNumber } from '../lib/options.ts';
import { type Hands, Suite, type Test } from '../lib/runner.ts';
import { makeTemporary } from '../lib/temporary.ts';
import { Random } from '../sim/random.ts';
import { callNames, errnoOf, refusalsOf, type Refusal } from './calls.ts';
import { ONE_PROCESS } from './one-process.ts';
import { type Target, TARGETS as OTHERS } from './targets.ts';

/** The long one first. */
const TARGETS: readonly Target[] = [ONE_PROCESS, ...OTHERS];
const ROOT = join(import.meta.dirname, '../..');
const INJECT = join(ROOT, 'out/inject');
const PROGRAMS = ['runsv', 'runsvdir', 'sv', 'svlogd'];
const CASE_MS = 400_000;

const values = parseOptions({
  sample: { type: 'string', default: '0' },
  only: { type: 'string', default: '' },
  case: { type: 'string', default: '' },
  binary: { type: 'string', default: join(ROOT, 'dist/runitbox') },
});
const suite = new Suite(values, { jobs: 6, timeoutMs: CASE_MS, quiet: true });

interface Case {
  readonly target: Target;
  readonly number: number;
  readonly call: string;
  readonly nth: number;
  readonly act: Refusal | 'kill';
}

const titleOf = ({ target, call, nth, act }: Case): string => `${target.name}: ${call} ${nth} ${act}`;

const home = makeTemporary('sweep');
let made = 0;
let missed = 0;

/** The programs under their names, twice: a target may put something else in the place of one. */
const prepareBin = (): string => {
  const bin = join(home, `bin-${made++}`);
  mkdirSync(join(bin, 'real'), { recursive: true });
  for (const name of PROGRAMS)
    for (const folder of [bin, join(bin, 'real')]) symlinkSync(join(home, 'runitbox'), join(folder, name));
  return bin;
};

/** Plays a life with one call failing; what was wrong, as lines. */
const live = async (
  { defer, explain }: Hands,
  target: Target,
  inject: readonly string[],
  killed: boolean,
): Promise<readonly string[]> => {
  const bin = prepareBin();
  defer(() => rmSync(bin, { recursive: true, force: true }));
  const world = new World(bin);
  defer(() => world.close());
  explain(() => world.report());
  await target.play({ world, bin, inject, killed });
  const unclear = world.unclear();
  return unclear.length === 0 ? [] : ['messages that are not one clear line:', ...unclear];
};

const textOf = (path: string): string => {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
};

/** The calls of a life, each as often as it comes; none where it fails although nothing was refused. */
const record = async (target: Target): Promise<readonly number[]> => {
  const file = join(home, `record-${made++}`);
  let numbers: readonly number[] = [];
  await suite.step(`${target.name}: a life of which nothing is refused`, async (hands) => {
    const faults = await live(hands, target, [INJECT, file, 'record'], false);
    numbers = textOf(file).split('\n').slice(0, -1).map(Number);
    return numbers.length === 0 ? ['no call was recorded', ...faults] : faults;
  });
  return numbers;
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
  suite.report(`${target.name}: every call is in docs/system-calls.md`, unknown);
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

const testOf = (given: Case): Test => ({
  title: titleOf(given),
  async attempt(hands) {
    const file = join(home, `hit-${made++}`);
    const act = given.act === 'kill' ? 'kill' : String(errnoOf(given.act));
    const inject = [INJECT, file, String(given.number), String(given.nth), act];
    const isHit = (): boolean => textOf(file) !== '';
    // no two lives are alike to the last call
    hands.defer(() => {
      if (!isHit()) missed++;
    });
    try {
      return await live(hands, given.target, inject, given.act === 'kill');
    } catch (cause) {
      if (!isHit()) hands.note('the call did not come');
      throw cause;
    }
  },
});

const targetsChosen = (): readonly Target[] => {
  const [name = ''] = values.case.split(':');
  if (values.case !== '') return TARGETS.filter((target) => target.name === name);
  const filter = (target: Target): boolean => target.name.toLowerCase().includes(values.filter.toLowerCase());
  // its lives are long: a sample has them where it asks for them
  return TARGETS.filter(
    (target) => filter(target) && (target !== ONE_PROCESS || values.sample === '0' || values.filter !== ''),
  );
};

const casesChosen = async (): Promise<readonly Case[]> => {
  const names = callNames();
  const all: Case[] = [];
  for (const target of targetsChosen()) {
    const numbers = await record(target);
    const cases = casesOf(target, numbers, names);
    checkDescribed(target, cases);
    console.log(`${target.name}: ${numbers.length} calls, ${cases.length} cases`);
    all.push(...cases);
  }
  const isWanted = (title: string): boolean =>
    values.case === '' ? title.includes(values.only) : title === values.case;
  const wanted = all.filter((given) => isWanted(titleOf(given)));
  return sampled(wanted, wholeNumber('sample', values.sample, 0), new Random(suite.seed));
};

// of a life that took too long, and goes on without its programs
process.on('uncaughtException', (cause) => suite.report('a life that went on after its end', [cause.message]));

await suite.run(async () => {
  suite.defer(() => rmSync(home, { recursive: true, force: true }));
  // a copy, so that a build in between changes nothing
  copyFileSync(values.binary, join(home, 'runitbox'));
  const chosen = await casesChosen();
  await suite.play(suite.choose(chosen.map(testOf)));
  console.log(`${made} lives, in ${missed} the call did not come`);
});
