// runit-init: /sbin/init. As process 1 it becomes runit; called later it asks runit to stop the system.
//
// Read next: ../effects/init/stop-files.ts (how it asks), runit.ts.
import { errorText } from '../cli/errno.ts';
import { err } from '../cli/say.ts';
import { ID_LINE } from '../cli/version.ts';
import { makeRequest, withdrawRequest, type StopRequest } from '../effects/init/stop-files.ts';
import type { Bytes } from '../abi/bytes.ts';
import { isErrno } from '../host/calls.ts';
import { SIGCONT } from '../abi/signals.ts';
import { sys } from '../host/sys.ts';
import type { Applet } from '../cli/applet.ts';
import { runit } from './runit.ts';

const RUNIT = '/sbin/runit';
const PROCESS_1 = 1;

const fatal = (text: Bytes): number => {
  err(`init: fatal: ${text}\n`);
  return 111;
};

const usage = (argv0: Bytes): number => {
  err(`usage: ${argv0} 0|6\n\n`);
  return 0;
};

const version = (argv0: Bytes): number => {
  err(`${ID_LINE}\n`);
  return usage(argv0);
};

/** Becomes runit: the one that is installed, else this very program. */
const becomeRunit = (): number => {
  sys.exec(RUNIT, ['runit'], []);
  return runit.run(['runit']);
};

const ask = (wishes: readonly StopRequest[]): number => {
  for (const wish of wishes) {
    const failed = makeRequest(wish);
    if (failed !== null) return fatal(`unable to create ${failed.path}: ${errorText(failed.errno)}`);
  }
  if (!wishes.includes('reboot')) withdrawRequest('reboot');
  const told = sys.kill(PROCESS_1, SIGCONT);
  return isErrno(told) ? fatal(`unable to send CONT to process 1: ${errorText(told)}`) : 0;
};

const run = (argv: readonly Bytes[]): number => {
  const [argv0 = 'runit-init', order = ''] = argv;
  if (sys.getpid() === PROCESS_1) return becomeRunit();
  switch (order[0]) {
    case '0':
      return ask(['stopit']);
    case '6':
      return ask(['reboot', 'stopit']);
    case '-':
      return order[1] === 'V' ? version(argv0) : usage(argv0);
    default:
      return usage(argv0);
  }
};

export const runitInit: Applet = {
  name: 'runit-init',
  also: ['init'],
  summary: 'become runit as process 1, or ask it to halt or reboot',
  folder: 'sbin',
  help: {
    operands: '',
    usage: '0|6',
    description:
      'As process 1, usually under the name /sbin/init, it executes /sbin/runit, or acts as runit itself if there is no ' +
      'such file. As any other process, it asks process 1 to stop the system; only the first character of its argument ' +
      'counts.',
    options: [{ letter: 'V', text: 'print the version' }],
    lists: [
      {
        title: 'Arguments',
        rows: [
          { term: '0', text: 'stop and switch off' },
          { term: '6', text: 'stop and reboot' },
        ],
      },
    ],
    firstOperand: ['0', '6'],
    examples: [{ command: 'runit-init 6', text: 'reboot' }],
    exitCodes: [
      { code: '0', text: 'process 1 was asked, or the usage was printed' },
      { code: '111', text: 'the files could not be created, or process 1 could not be sent a signal' },
    ],
  },
  run,
};
