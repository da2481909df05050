// The combinations of programs, and which of them apply to a case.
//
// Promises: the all-C suite is always first, as it is the reference of every other. A combination that would repeat
// a pure one for the programs a case uses is left out. Read next: run.ts.
import { BUSYBOX_NAMES, type Case, CHPST_NAMES, type Origin, type Program, type Suite } from './model.ts';

/** What is not named follows sv: it is a tool beside the supervisor, as sv is. */
function suite(name: string, sv: Origin, runsv: Origin, runsvdir: Origin): Suite {
  const tools = Object.fromEntries([...CHPST_NAMES, ...BUSYBOX_NAMES].map((program) => [program, sv]));
  // a supervisor of one kind with the requests of another
  const pid1 = { runit: runsv, 'runit-init': sv, runsvchdir: sv, utmpset: sv };
  return { name, origins: { ...(tools as Suite['origins']), ...pid1, sv, runsv, runsvdir } };
}

export const REFERENCE: Suite = suite('c', 'c', 'c', 'c');

export const SUITES: readonly Suite[] = [
  REFERENCE,
  suite('ours', 'ours', 'ours', 'ours'),
  suite('sv-c', 'c', 'ours', 'ours'),
  suite('sv-ours', 'ours', 'c', 'c'),
  suite('runsvdir-c', 'ours', 'ours', 'c'),
  suite('runsvdir-ours', 'c', 'c', 'ours'),
];

/** C's 2.3.1 as a second reference; only on request. */
export const C231: Suite = suite('c231', 'c231', 'c231', 'c231');

const PURE: ReadonlySet<string> = new Set([REFERENCE.name, 'ours', C231.name]);

function origins(suite: Suite, programs: readonly Program[]): ReadonlySet<Origin> {
  return new Set(programs.map((program) => suite.origins[program]));
}

/** Whether `suite` plays `given` in a way that no pure suite does. */
export function applies(suite: Suite, given: Case): boolean {
  return PURE.has(suite.name) || origins(suite, given.uses).size > 1;
}
