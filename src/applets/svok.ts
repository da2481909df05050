// svok, as in daemontools: tests whether runsv supervises a service.
//
// Promises: answers at once, with a runsv or without.
// Read next: ../client/service.ts.
import type { Bytes } from '../abi/bytes.ts';
import { ENOENT, ENXIO } from '../abi/errno.ts';
import type { Applet, Help } from '../cli/applet.ts';
import { type Usage, usageWithPointer } from '../cli/usage.ts';
import { err } from '../cli/say.ts';
import { enterable, openFifo, type Service, servicesNamed } from '../client/service.ts';
import { diagnosticsOf } from '../effects/diagnostics.ts';
import { type Fd, isErrno } from '../host/calls.ts';
import { sys } from '../host/sys.ts';

const USAGE_CODE = 1;
const NOT_SUPERVISED_CODE = 100;
const FATAL_CODE = 111;

const usage: Usage = { operands: 'service', options: [] };

const makeHelp = (): Help => ({
  ...usage,
  description: 'Exits 0 if runsv supervises service, which is looked up as in sv.',
  operandKind: 'service',
  examples: [{ command: 'svok /service/web || echo not supervised', text: 'test for a supervisor' }],
  exitCodes: [
    { code: '0', text: 'runsv supervises it' },
    { code: '1', text: 'usage' },
    { code: '100', text: 'it is not supervised' },
    { code: '111', text: 'unknown: there is no such directory, or it cannot be read' },
  ],
});

const unknown = (name: Bytes, what: Bytes, errno: number): number => {
  diagnosticsOf('svok').fatal(`unable to ${what} ${name}`, errno);
  return FATAL_CODE;
};

const test = ({ name, dir }: Service): number => {
  const fd = dir === '' ? -ENOENT : openFifo(dir, 'ok');
  if (fd >= 0) {
    sys.close(fd as Fd);
    return 0;
  }
  if (fd === -ENXIO) return NOT_SUPERVISED_CODE;
  const entered = enterable(dir);
  if (isErrno(entered)) return unknown(name, 'change to directory', entered);
  return fd === -ENOENT ? NOT_SUPERVISED_CODE : unknown(name, 'open supervise/ok in', fd);
};

const run = (argv: readonly Bytes[]): number => {
  const [service] = servicesNamed(argv.slice(1));
  if (service !== undefined && argv.length === 2) return test(service);
  err(usageWithPointer(argv[0] ?? 'svok', 'svok', usage));
  return USAGE_CODE;
};

export const svok: Applet = {
  name: 'svok',
  summary: 'test whether a service is supervised',
  get help() {
    return makeHelp();
  },
  run,
};
