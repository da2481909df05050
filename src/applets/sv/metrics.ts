// `sv metrics`: all services as Prometheus text, on standard output or into a file for the textfile collector.
//
// Promises: the file is replaced whole or stays as it is. Read next: ../../formats/metrics.ts.
import { errorText } from '../../cli/errno.ts';
import { err, out, visible } from '../../cli/say.ts';
import { VERSION } from '../../cli/version.ts';
import { newAsking, snapshotOf, servicesLike } from '../../client/snapshots.ts';
import { lookup } from '../../client/service.ts';
import type { Bytes } from '../../abi/bytes.ts';
import { O_CREAT, O_EXCL, O_WRONLY } from '../../abi/flags.ts';
import { metricsText } from '../../formats/metrics.ts';
import { isErrno } from '../../host/calls.ts';
import { sys } from '../../host/sys.ts';
import type { Call } from './tool.ts';

const MODE = 0o644;

const fail = (what: Bytes, errno: number): number => {
  err(`sv: ${what}: ${errorText(errno)}\n`);
  return 1;
};

/** 0, or the errno of what was refused; nothing is left then. */
const replace = (path: Bytes, text: Bytes): number => {
  const made = `${path}.${sys.getpid()}`;
  // of one that was killed: in a container numbers come again soon
  sys.unlink(made);
  const fd = sys.open(made, O_WRONLY | O_CREAT | O_EXCL, MODE);
  if (isErrno(fd)) return fd;
  let rest = text;
  let written = 0;
  while (rest !== '' && written >= 0) {
    written = sys.write(fd, rest);
    rest = rest.slice(Math.max(0, written));
  }
  sys.close(fd);
  const done = written < 0 ? written : sys.rename(made, path);
  if (done < 0) sys.unlink(made);
  return Math.min(0, done);
};

export const runMetrics = ({ given, operands }: Call): number => {
  const services = servicesLike(operands);
  if (typeof services === 'number') return fail(`unable to read ${visible(lookup().dir)}`, services);
  const asking = newAsking(true);
  const text = metricsText(
    services.map((service) => snapshotOf(service, asking)),
    VERSION,
  );
  const path = given.last('output');
  if (path === undefined) return out(text) ? 0 : 1;
  const done = replace(path, text);
  return done < 0 ? fail(`unable to replace ${visible(path)}`, done) : 0;
};
