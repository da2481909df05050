// `sv link` and `sv remove`: a service comes into the scan directory as a link to its directory, and goes again.
//
// Promises: a real directory in the scan directory is never removed; both wait, for -w or 7 seconds, until runsvdir has
// done its part. Read next: new.ts.
import type { Bytes } from '../../abi/bytes.ts';
import { ENOENT } from '../../abi/errno.ts';
import { S_IFLNK, S_IFMT } from '../../abi/flags.ts';
import { errorText } from '../../cli/errno.ts';
import { err, out, visible } from '../../cli/say.ts';
import { readReport } from '../../client/read-report.ts';
import { reportLine } from '../../client/render-line.ts';
import { isTrouble } from '../../client/report.ts';
import { lookup, type Service } from '../../client/service.ts';
import { waitFor } from '../../client/wait-for.ts';
import { isErrno } from '../../host/calls.ts';
import { monotonicMs } from '../../host/clock.ts';
import { sys } from '../../host/sys.ts';
import { isServiceName, sourceDirectory } from './new.ts';
import { type Call, MOST_FAILURES } from './tool.ts';

const WAIT_MS = 7000;

const fail = (verb: string, name: Bytes, why: Bytes): false => {
  err(`sv: ${verb}: ${visible(name)}: ${why}\n`);
  return false;
};

const isSupervised = (service: Service): boolean => !isTrouble(readReport(service).state);

/** Waits until a runsv supervises the service. */
const comes = (service: Service, untilMs: number): boolean => {
  while (!isSupervised(service)) {
    if (monotonicMs() >= untilMs) return false;
    waitFor('up', [service], false, Math.min(untilMs, monotonicMs() + LOOK_MS));
  }
  return true;
};

const LOOK_MS = 50;

const untilOf = ({ waitMs }: Call): number => monotonicMs() + (waitMs ?? WAIT_MS);

const linkOne = (call: Call, name: Bytes): boolean => {
  if (!isServiceName(name)) return fail('link', name, "expected a name without '/' and without '.' in front");
  const target = `${sourceDirectory()}/${name}`;
  const service = { name, dir: `${lookup().dir}/${name}` };
  const stat = sys.stat(`${target}/run`);
  if (isErrno(stat)) return fail('link', name, `${target}/run: ${errorText(stat)}`);
  const linked = sys.symlink(target, service.dir);
  if (isErrno(linked)) return fail('link', name, `${service.dir}: ${errorText(linked)}`);
  if (!comes(service, untilOf(call))) return fail('link', name, 'linked, but no runsv has come: does runsvdir run?');
  out(reportLine(readReport(service)));
  return true;
};

const removeOne = (call: Call, name: Bytes): boolean => {
  if (!isServiceName(name)) return fail('remove', name, "expected a name without '/' and without '.' in front");
  const path = `${lookup().dir}/${name}`;
  const stat = sys.lstat(path);
  if (isErrno(stat)) return fail('remove', name, stat === -ENOENT ? 'no such service' : errorText(stat));
  if ((stat[0] & S_IFMT) !== S_IFLNK) {
    return fail('remove', name, `${path} is not a link; to remove it: sv shutdown ${name} && mv ${path} elsewhere`);
  }
  const target = sys.readlink(path);
  const dir = isErrno(target) || target.startsWith('/') ? target : `${lookup().dir}/${target}`;
  const gone = sys.unlink(path);
  if (isErrno(gone) || isErrno(dir)) return fail('remove', name, errorText(Number(gone)));
  const [result] = waitFor('gone', [{ name, dir }], false, untilOf(call));
  if (result?.verdict !== 'reached') return fail('remove', name, 'the link is gone, but its runsv still runs');
  out(`ok: ${visible(name)}: removed\n`);
  return true;
};

const each = (call: Call, act: (call: Call, name: Bytes) => boolean): number =>
  Math.min(MOST_FAILURES, call.operands.filter((name) => !act(call, name)).length);

export const runLink = (call: Call): number => each(call, linkOne);
export const runRemove = (call: Call): number => each(call, removeOne);
