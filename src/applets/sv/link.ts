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
import { type Result, waitFor } from '../../client/wait-for.ts';
import { isErrno } from '../../host/calls.ts';
import { monotonicMs } from '../../host/clock.ts';
import { sys } from '../../host/sys.ts';
import { onMatching } from './matching.ts';
import { isServiceName, sourceDirectory } from './new.ts';
import { type Call, MOST_FAILURES } from './tool.ts';

const WAIT_MS = 7000;

const NAME_EXPECTED = "expected a name without '/' and without '.' in front";

type Verb = 'link' | 'remove';

const TOO_LATE: Readonly<Record<Verb, string>> = {
  link: 'linked, but no runsv has come: does runsvdir run?',
  remove: 'the link is gone, but its runsv still runs',
};

const fail = (verb: Verb, name: Bytes, why: Bytes): null => {
  err(`sv: ${verb}: ${visible(name)}: ${why}\n`);
  return null;
};

/** Makes the link; null: that failed. */
const linkOne = (name: Bytes): Service | null => {
  if (!isServiceName(name)) return fail('link', name, NAME_EXPECTED);
  const target = `${sourceDirectory()}/${name}`;
  const service = { name, dir: `${lookup().dir}/${name}` };
  const stat = sys.stat(`${target}/run`);
  if (isErrno(stat)) return fail('link', name, `${target}/run: ${errorText(stat)}`);
  const linked = sys.symlink(target, service.dir);
  return isErrno(linked) ? fail('link', name, `${service.dir}: ${errorText(linked)}`) : service;
};

/** Removes the link; null: that failed. */
const removeOne = (name: Bytes): Service | null => {
  if (!isServiceName(name)) return fail('remove', name, NAME_EXPECTED);
  const path = `${lookup().dir}/${name}`;
  const stat = sys.lstat(path);
  if (isErrno(stat)) return fail('remove', name, stat === -ENOENT ? 'no such service' : errorText(stat));
  if ((stat[0] & S_IFMT) !== S_IFLNK) {
    return fail('remove', name, `${path} is not a link; to remove it: sv shutdown ${name} && mv ${path} elsewhere`);
  }
  const target = sys.readlink(path);
  const dir = isErrno(target) || target.startsWith('/') ? target : `${lookup().dir}/${target}`;
  const gone = sys.unlink(path);
  return isErrno(gone) || isErrno(dir) ? fail('remove', name, errorText(Number(gone))) : { name, dir };
};

const told = (verb: Verb, { service, verdict }: Result): boolean => {
  const { name } = service;
  if (verdict !== 'reached') fail(verb, name, TOO_LATE[verb]);
  else out(verb === 'link' ? reportLine(readReport(service)) : `ok: ${visible(name)}: removed\n`);
  return verdict === 'reached';
};

/** Acts on all of them, then waits for all. Returns how many failed. */
const each = (call: Call, verb: Verb, act: (name: Bytes) => Service | null): number => {
  const services = call.operands.map(act).filter((service) => service !== null);
  const goal = verb === 'link' ? 'supervised' : 'gone';
  const results = waitFor(goal, services, false, monotonicMs() + (call.waitMs ?? WAIT_MS));
  const done = results.filter((result) => told(verb, result)).length;
  return Math.min(MOST_FAILURES, call.operands.length - done);
};

/** Patterns are over SVSRC. */
export const runLink = (call: Call): number =>
  onMatching((meant) => each(meant, 'link', linkOne), sourceDirectory())(call);
export const runRemove = (call: Call): number => each(call, 'remove', removeOne);
