// runsv: starts and supervises one service and, optionally, its log service.
//
// Promises: one supervisor and one instance of ./run per service directory, whatever is killed; TERM brings both down
// in order. Read next: ../machine/service/model.ts, ../effects/service/runsv.ts, ../effects/service/supervisor.ts.
import { err } from '../cli/say.ts';
import { orFatal, diagnosticsOf } from '../effects/diagnostics.ts';
import { runService } from '../effects/service/runsv.ts';
import type { Bytes } from '../abi/bytes.ts';
import type { Applet } from '../cli/applet.ts';

const USAGE_CODE = 1;

const run = (argv: readonly Bytes[]): number => {
  const dir = argv[1];
  if (dir === undefined || argv.length !== 2) {
    err(`usage: ${argv[0]} dir\n\n`);
    return USAGE_CODE;
  }
  const diagnostics = diagnosticsOf(`runsv ${dir}`);
  return orFatal(diagnostics, () => runService(diagnostics, dir));
};

export const runsv: Applet = {
  name: 'runsv',
  summary: 'start and supervise a service and its log service',
  help: {
    operands: 'dir',
    description:
      'Changes to dir and starts ./run there, and starts it again whenever it ends, at most once a second. ' +
      'When ./run ends, ./finish is run with its exit code (-1 for a signal) and the low byte of its wait status. ' +
      'If there is a file ./down, the service is not started at first. A directory ./log contains a log service, whose standard ' +
      'input is the standard output of ./run.\n\n' +
      'Commands are bytes that sv writes to supervise/control: u d o x t k p c h a i q 1 2. Before a signal is ' +
      'sent, control/LETTER is run if it is executable; exit code 0 means that the signal is not sent.\n\n' +
      'On TERM, HUP, INT or QUIT, runsv stops the service, then its log, then exits.\n\n' +
      'A file ./flag-essential makes the service essential: when ./run has ended although nothing requested it, and ' +
      './finish, if there is one, exits 125, runsv writes the exit code to supervise/exitcode and exits 125. A runsvdir ' +
      'that supervises a container then stops everything and exits with that code.',
    options: [],
    examples: [
      { command: 'runsv ./web', text: 'supervise the service in ./web' },
      { command: 'sv status ./web', text: 'show its state' },
    ],
    exitCodes: [
      { code: '0', text: 'requested to exit, and everything has ended' },
      { code: '1', text: 'wrong usage' },
      { code: '125', text: 'an essential service has ended for good' },
      { code: '111', text: 'set-up failed, or another runsv supervises dir' },
    ],
  },
  run,
};
