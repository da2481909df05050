// `sv link` and `sv remove`: a service comes into the scan directory as a link to its directory, and goes again.
//
// Promises: a real directory in the scan directory is never removed. All links are made or removed first; then both wait, for -w
// or 7 seconds, until runsvdir has done its part. Read next: new.ts.
import type { Bytes } from '../../abi/bytes.ts';
import { ENOENT } from '../../abi/errno.ts';
import { S_IFLNK, S_IFMT } from '../../abi/flags.ts';
import { errorText } from '../../cli/errno.ts';
import { err, out, visible } from '../../cli/say.ts';
import { readReport } from '../../client/read-report.ts';
import { reportLine } from '../../client/render-line.ts';
import { lookup, type Service } from '../../client/service.ts';
import { waitFor } from '../../client/wait-for.ts';
import { isErrno } from '../../host/calls.ts';
import { monotonicMs } from '../../host/clock.ts';
import { sys } from '../../host/sys.ts';
import { onMatching } from './matching.ts';
import { isServiceName, NAME_EXPECTED, sourceDirectory } from './source.ts';
import { type Call, MOST_FAILURES } from './tool.ts';

const WAIT_MS = 7000;
/** How long to wait for the first start of what a runsv has come for. */
const BEGUN_MS = 1000;

/** The verb that speaks. */
type Speaker = 'link' | 'remove' | 'scale';

const TOO_LATE = {
  supervised: 'linked, but no runsv has started: does runsvdir run?',
  gone: 'the link is gone, but its runsv still runs',
} as const;

export const fail = (verb: Speaker, name: Bytes, why: Bytes): null => {
  err(`sv: ${verb}: ${visible(name)}: ${why}\n`);
  return null;
};

/** Makes the link; null: that failed. */
export const linkOne = (verb: Speaker, name: Bytes): Service | null => {
  if (!isServiceName(name)) return fail(verb, name, NAME_EXPECTED);
  const target = `${sourceDirectory()}/${name}`;
  const service = { name, dir: `${lookup().dir}/${name}` };
  const stat = sys.stat(`${target}/run`);
  if (isErrno(stat)) return fail(verb, name, `${target}/run: ${errorText(stat)}`);
  const linked = sys.symlink(target, service.dir);
  return isErrno(linked) ? fail(verb, name, `${service.dir}: ${errorText(linked)}`) : service;
};

/** Removes the link; null: that failed. */
export const removeOne = (verb: Speaker, name: Bytes): Service | null => {
  if (!isServiceName(name)) return fail(verb, name, NAME_EXPECTED);
  const path = `${lookup().dir}/${name}`;
  const stat = sys.lstat(path);
  if (isErrno(stat)) return fail(verb, name, stat === -ENOENT ? 'no such service' : errorText(stat));
  if ((stat[0] & S_IFMT) !== S_IFLNK) {
    return fail(verb, name, `${path} is not a link; to remove it: sv shutdown ${name} && mv ${path} elsewhere`);
  }
  const target = sys.readlink(path);
  const dir = isErrno(target) || target.startsWith('/') ? target : `${lookup().dir}/${target}`;
  const gone = sys.unlink(path);
  return isErrno(gone) || isErrno(dir) ? fail(verb, name, errorText(Number(gone))) : { name, dir };
};

/** Waits until each service is supervised or gone, and prints a line for each. Returns how many are. */
export const awaitAll = (
  verb: Speaker,
  goal: keyof typeof TOO_LATE,
  services: readonly Service[],
  call: Call,
): number => {
  const results = waitFor(goal, services, false, monotonicMs() + (call.waitMs ?? WAIT_MS));
  const reached = results.filter(({ verdict }) => verdict === 'reached').map(({ service }) => service);
  // a state that is about to change tells little
  if (goal === 'supervised') waitFor('begun', reached, false, monotonicMs() + BEGUN_MS);
  for (const { service, verdict } of results) {
    const { name } = service;
    if (verdict !== 'reached') fail(verb, name, TOO_LATE[goal]);
    else out(goal === 'gone' ? `ok: ${visible(name)}: removed\n` : reportLine(readReport(service)));
  }
  return reached.length;
};

const linkAll = (call: Call): number => {
  const services = call.operands.map((name) => linkOne('link', name)).filter((service) => service !== null);
  return Math.min(MOST_FAILURES, call.operands.length - awaitAll('link', 'supervised', services, call));
};

/** Patterns are over SVSRC. */
export const runLink = (call: Call): number => onMatching(linkAll, sourceDirectory())(call);

export const runRemove = (call: Call): number => {
  const services = call.operands.map((name) => removeOne('remove', name)).filter((service) => service !== null);
  return Math.min(MOST_FAILURES, call.operands.length - awaitAll('remove', 'gone', services, call));
};
