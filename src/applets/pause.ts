// pause: waits until it is told to end.
//
// Promises: TERM and INT end it with 0. The static executable does not come here for a call by this name without arguments:
// main.c of the host answers that before the engine starts, which keeps the process small.
import type { Bytes } from '../abi/bytes.ts';
import { SIGINT, SIGTERM } from '../abi/signals.ts';
import type { Applet, Help } from '../cli/applet.ts';
import { errorText } from '../cli/errno.ts';
import { type Usage, usageWithPointer } from '../cli/usage.ts';
import { err } from '../cli/say.ts';
import { isErrno } from '../host/calls.ts';
import { waitOnce } from '../host/loop.ts';
import { sys } from '../host/sys.ts';

const USAGE_CODE = 100;
const FATAL_CODE = 111;

const usage: Usage = { operands: '', options: [] };

const makeHelp = (): Help => ({
  ...usage,
  description:
    'Does nothing until INT or TERM. A service that only sets something up executes pause at the end of ./run, and ./finish undoes ' +
    'the setup; the process uses a few pages of memory.',
  examples: [{ command: 'mount /data && exec pause', text: 'in ./run, with umount /data in ./finish' }],
  exitCodes: [
    { code: '0', text: 'it got INT or TERM' },
    { code: '100', text: 'wrong usage' },
    { code: '111', text: 'the kernel refuses to let it wait' },
  ],
});

const run = (argv: readonly Bytes[]): number => {
  if (argv.length > 1) {
    err(usageWithPointer(argv[0] ?? 'pause', 'pause', usage));
    return USAGE_CODE;
  }
  const caught = sys.catchSignals([SIGINT, SIGTERM]);
  if (isErrno(caught)) {
    err(`pause: fatal: unable to catch signals: ${errorText(caught)}\n`);
    return FATAL_CODE;
  }
  while (sys.takeSignals().length === 0) waitOnce([], null);
  return 0;
};

export const pause: Applet = {
  name: 'pause',
  summary: 'wait for a signal to end',
  get help() {
    return makeHelp();
  },
  run,
};
