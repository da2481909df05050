// The contract without vitest: every spec in turn, a line for each failure, a count at the end.
//
// Must not: use anything but the calls; this runs inside the static executable.
import type { Bytes } from '../../src/abi/bytes.ts';
import type { Calls, Fd } from '../../src/host/calls.ts';
import { isErrno } from '../../src/host/calls.ts';
import type { Capabilities, Spec } from './case.ts';
import { applies, runSpec } from './case.ts';
import { playRole } from './roles.ts';
import { specs } from './specs.ts';

const STDOUT = 1 as Fd;

const temporary = (sys: Calls): Bytes => {
  const named = sys.environ().find((variable) => variable.startsWith('TMPDIR=/'));
  return named === undefined ? '/tmp' : named.slice('TMPDIR='.length);
};

/** Makes an empty directory for one spec. */
export const freshDirectory = (sys: Calls, number: number): Bytes => {
  const dir = `${temporary(sys)}/contract.${sys.getpid()}.${number}`;
  if (isErrno(sys.mkdir(dir, 0o755))) throw new Error(`cannot make ${dir}`);
  return dir;
};

/** Directories without permissions keep their owner out of them, unless that is root. */
const REMOVE = 'rm -rf "$0" 2>/dev/null || { chmod -R u+rwX "$0"; rm -rf "$0"; }';

/** By rm, as names may be no UTF-8, and the table has no rmdir. */
export const removeTree = (sys: Calls, dir: Bytes): void => {
  const pid = sys.spawn('/bin/sh', ['sh', '-c', REMOVE, dir], ['PATH=/usr/bin:/bin'], '/', [], 0, -1, '');
  if (!isErrno(pid)) sys.waitpid(pid, 0);
};

const problem = (spec: Spec, sys: Calls, can: Capabilities, dir: Bytes): string | undefined => {
  try {
    runSpec(spec, sys, can, dir);
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
  return undefined;
};

const runAll = (sys: Calls, can: Capabilities, wanted: Bytes, unwanted: Bytes | undefined): number => {
  const isWanted = ({ title }: Spec): boolean =>
    title.includes(wanted) && (unwanted === undefined || !title.includes(unwanted));
  const chosen = specs.filter((spec) => applies(spec, can) && isWanted(spec));
  let failed = 0;
  for (const [i, spec] of chosen.entries()) {
    const dir = freshDirectory(sys, i);
    const trouble = problem(spec, sys, can, dir);
    removeTree(sys, dir);
    if (trouble === undefined) continue;
    failed++;
    sys.write(STDOUT, `FAILED: ${spec.title}\n  ${trouble}\n`);
  }
  sys.write(STDOUT, `${chosen.length - failed} passed, ${failed} failed\n`);
  return failed > 0 || chosen.length === 0 ? 1 : 0;
};

/** The whole program: a role, or all specs whose title holds the first argument, and not the second. Its exit code. */
export const contractMain = (sys: Calls, can: Capabilities): number =>
  playRole(sys) ?? runAll(sys, can, sys.args()[1] ?? '', sys.args()[2]);
