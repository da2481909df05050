// chpst: changes the state of this process, then executes a program.
//
// Promises: options, order, messages and exit codes of C's chpst 2.3.1. Options of our own have long names, and fail where the
// kernel refuses the change.
// Read next: chpst/options.ts (the options), chpst/command-line.ts (parsing and execution), chpst/daemontools.ts (programs that
// are one option each).
import { ID_LINE } from '../cli/version.ts';
import type { Bytes } from '../abi/bytes.ts';
import type { Applet, Help } from '../cli/applet.ts';
import { changeAndExec, programOf, type Syntax, readCall, valueError } from './chpst/command-line.ts';
import { type Asked, chpstRows } from './chpst/options.ts';

const help: Help = {
  operands: 'prog',
  usage:
    '[-vVP012] [-u user[:group]] [-U user[:group]] [-b argv0] [-e dir] [-/ root] [-C pwd] [-n nice] [-l|-L lock] ' +
    '[-m n] [-d n] [-o n] [-p n] [-f n] [-c n] [-t n] prog',
  description:
    'Changes the state of this process as the options say, in a fixed order, then executes prog, which is looked up in ' +
    'PATH. The process ID stays the same.\n\n' +
    'Limits are soft limits, and at most as high as the hard limits. Users and groups are looked up in /etc/passwd and ' +
    '/etc/group, below the new root if there is one.\n\n' +
    'Other chpst programs do not have the options with long names.',
  options: chpstRows,
  examples: [
    { command: 'exec chpst -u web -o 4096 httpd -f', text: 'in ./run: a daemon as the user web' },
    { command: 'exec chpst -ulog svlogd -tt ./main', text: 'in ./log/run: a logger as the user log' },
    { command: 'chpst -e ./env -u web:web:ssl httpd -f', text: 'with variables from ./env and two groups' },
    {
      command: 'chpst -u web --cap-keep net_bind_service httpd -p 80',
      text: 'as web, but able to open ports below 1024',
    },
    { command: 'chpst -L ./lock sh -c "backup; tidy"', text: 'never twice at the same time' },
  ],
  exitCodes: [
    { code: '100', text: 'wrong usage' },
    { code: '111', text: 'a change failed, or prog could not be executed' },
    { code: 'any', text: 'otherwise the exit status of prog' },
  ],
};

const syntax: Syntax = { rows: chpstRows, help, operands: 0 };

const plainUser = ({ identity }: Asked): boolean =>
  identity !== undefined && identity.parsed.kind === 'names' && identity.parsed.groups.length === 0;

const run = (argv: readonly Bytes[]): number => {
  const call = readCall(argv, syntax, ID_LINE);
  if (typeof call === 'number') return call;
  const { asked, words } = call;
  if (asked.allGroups === true && asked.badUser === undefined && !plainUser(asked)) {
    return valueError(argv[0] as Bytes, '--initgroups: needs -u with a user and no group');
  }
  if (asked.verbose === true) asked.subdirectories = 'warn';
  return changeAndExec('chpst', asked, programOf(words, asked.argv0));
};

export const chpst: Applet = {
  name: 'chpst',
  also: ['dchpst'],
  summary: 'run a program with a changed process state',
  help,
  run,
};
