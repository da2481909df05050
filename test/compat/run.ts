// The compatibility suite: plays every case with C's programs and with ours, and compares.
//
// C's notes are taken live in the same run. --suites c,ours,...: which combinations of programs; --flavour node: with
// dist/runitbox-node; --supervision one-process: ../lib/supervision.ts; --ours FILE: another executable; --repeat N; --c231 DIR: C's 2.3.1 as a second reference, for suite c231.
// Read next: model.ts, suites.ts, cases/index.ts; ../lib/options.ts (the other options), ../lib/runner.ts.
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { oneOrMore, parseOptions, wholeNumber } from '../lib/options.ts';
import { Suite as Runner, type Test } from '../lib/runner.ts';
import { standIn, SUPERVISION, supervisionOf } from '../lib/supervision.ts';
import { makeTemporary } from '../lib/temporary.ts';
import { CASES } from './cases/index.ts';
import { expected, mismatches, stale } from './compare.ts';
import { documentFaults, exceptionFaults } from './documented.ts';
import { excepted, exceptionFor, exceptionsOf, FLAVOURS, type Flavour } from './flavour.ts';
import { kept } from './left-out.ts';
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
import { closeAll, play } from './play.ts';
import { applies, C231, REFERENCE, SUITES } from './suites.ts';

const ROOT = join(import.meta.dirname, '../..');

const values = parseOptions({
  suites: { type: 'string' },
  repeat: { type: 'string', default: '1' },
  ours: { type: 'string' },
  c231: { type: 'string' },
  flavour: { type: 'string', default: 'static' },
  ...SUPERVISION,
});
const runner = new Runner(values, { jobs: 16, quiet: true });
const flavour: Flavour = oneOrMore('flavour', values.flavour, FLAVOURS)[0] ?? 'static';
const supervision = supervisionOf(values.supervision);

const suitesChosen = (): readonly Suite[] => {
  const all = [...SUITES, C231];
  const names = oneOrMore(
    'suites',
    values.suites ?? SUITES.map(({ name }) => name).join(','),
    all.map(({ name }) => name),
  );
  const chosen = all.filter((it) => it !== REFERENCE && names.includes(it.name));
  if (chosen.includes(C231) && values.c231 === undefined) throw new Error('suite c231 wants --c231 DIR');
  return [REFERENCE, ...chosen];
};

const parent = makeTemporary('compat');

/** Where Debian has C's programs. */
const C_PLACES = ['/usr/bin', '/usr/sbin', '/sbin', '/lib/runit'];
/** Below what; set once the package is there. */
let cRoot = '';

/** So few that they do not disturb one another. */
const TIMED_JOBS = 3;

/** A copy where every user can reach it, whoever may enter the checkout; a build in between changes nothing either. */
const OURS = join(parent, 'runitbox');

const among = (names: readonly string[], program: string): boolean => names.includes(program);

function programFile(origin: Origin, program: string): string {
  if (origin === 'ours') return OURS;
  if (among(BUSYBOX_NAMES, program)) return '/usr/bin/busybox';
  const file = among(CHPST_NAMES, program) ? 'chpst' : program;
  if (origin === 'c')
    return C_PLACES.map((place) => `${cRoot}${place}/${file}`).find((path) => existsSync(path)) ?? file;
  return join(values.c231 ?? '', file);
}

/** A directory of links under the programs' names, to go first in PATH. */
function makeBin(suite: Suite): string {
  const bin = join(parent, `bin-${suite.name}`);
  mkdirSync(bin);
  for (const program of PROGRAMS) {
    const file = programFile(suite.origins[program], program);
    if (!existsSync(file) && file !== '/usr/bin/busybox')
      throw new Error(`${file} is missing: suite ${suite.name} cannot run`);
    symlinkSync(file, join(bin, program));
  }
  symlinkSync(OURS, join(bin, 'runitbox'));
  if (suite.origins.runsvdir === 'ours' && suite.origins.runsv === 'ours') standIn(supervision, bin);
  return bin;
}

function judge(given: Case, suite: Suite, outcome: Outcome, reference: Outcome): readonly string[] {
  const stuck = suite !== REFERENCE && exceptionFor(given, flavour) === 'stuck';
  if (outcome.kind === 'broken') return stuck ? [] : [outcome.reason, ...outcome.report.split('\n')];
  if (reference.kind === 'broken') return ['there is no reference to compare with'];
  return weigh(given, suite, outcome, reference);
}

type Played = Extract<Outcome, { kind: 'played' }>;

function weigh(given: Case, suite: Suite, outcome: Played, reference: Played): readonly string[] {
  const faults = suite === REFERENCE ? stale(given, reference.transcript) : compared(given, suite, outcome, reference);
  if (faults.length === 0) return [];
  return [given.title, ...faults, ...(values.show ? outcome.report.split('\n') : [])];
}

function compared(given: Case, suite: Suite, outcome: Played, reference: Played): readonly string[] {
  const faults = mismatches(expected(given, suite, reference.transcript), outcome.transcript);
  const exception = exceptionFor(given, flavour);
  return exception === undefined ? faults : excepted(exception, faults);
}

const shown = (notes: Transcript): string =>
  [...notes].map(([key, value]) => `\n    ${key} = ${value.trimEnd().replaceAll('\n', '\n      ')}`).join('');

/** The tests of one case, the reference first; each judges itself when both are there. */
function testsOf(given: Case, suites: readonly Suite[], bins: ReadonlyMap<Suite, string>, lacks: string): Test[] {
  if (lacks !== '') return [{ title: given.name, skipReason: lacks, attempt: async () => [] }];
  let resolve: (outcome: Outcome) => void = () => undefined;
  const reference = new Promise<Outcome>((it) => (resolve = it));
  return suites
    .filter((suite) => applies(suite, given))
    .map((suite) => ({
      title: `${suite.name}: ${given.name}`,
      async attempt({ note }) {
        const outcome = await play(given, suite, parent, bins.get(suite) ?? '');
        if (suite === REFERENCE) resolve(outcome);
        if (values.show && outcome.kind === 'played') note(shown(outcome.transcript));
        return judge(given, suite, outcome, await reference);
      },
    }));
}

function documented(): readonly string[] {
  const excepting = exceptionsOf(flavour);
  const node = excepting.length > 0 ? exceptionFaults(excepting, CASES, join(ROOT, 'docs/node.md')) : [];
  return [...documentFaults(CASES, join(ROOT, 'docs/differences.md')), ...node];
}

await runner.run(async () => {
  runner.defer(() => rmSync(parent, { recursive: true, force: true }));
  runner.defer(closeAll);
  const excepting = ({ given }: { readonly given: Case }): boolean => exceptionFor(given, flavour) !== undefined;
  const { cases, lines, lost } = kept(CASES, supervision);
  for (const line of lines) console.log(line);
  const chosen = runner.choose(
    cases.map((given) => ({ title: given.name, given })),
    excepting,
  );
  const suites = suitesChosen();
  copyFileSync(resolve(values.ours ?? join(ROOT, `dist/runitbox${flavour === 'node' ? '-node' : ''}`)), OURS);
  cRoot = execFileSync(join(ROOT, 'test/reference.sh'), [join(parent, 'c')], { encoding: 'utf8' }).trim();
  const bins = new Map(suites.map((suite) => [suite, makeBin(suite)]));
  const missing = unmet(chosen.flatMap(({ given }): readonly Need[] => given.needs ?? []));
  const rounds = Array.from({ length: wholeNumber('repeat', values.repeat) }, () => chosen).flat();
  const tests = (timed: boolean): readonly Test[] =>
    rounds
      .filter(({ given }) => (given.timed === true) === timed)
      .flatMap(({ given }) => {
        const lacking = (given.needs ?? []).filter((need) => missing.has(need));
        return testsOf(given, suites, bins, lacking.length === 0 ? '' : `needs ${lacking.join(' and ')}`);
      });
  await runner.play(tests(false));
  await runner.play(tests(true), TIMED_JOBS);
  if (lost.length > 0) runner.report('what is left out is a case', lost);
  if (values.filter === '') runner.report('docs: what differs is documented', documented());
  console.log(`${chosen.length} cases, suites ${suites.map((it) => it.name).join(' ')}`);
});
