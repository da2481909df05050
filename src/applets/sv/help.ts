// The text of `sv --help`, which lies in a cold part.
//
// Read next: commands.ts and tools.ts (the tables it prints), ../sv.ts.
import type { Help } from '../../cli/applet.ts';
import { commands } from './commands.ts';
import { usage } from './options.ts';
import { tools } from './tools.ts';

export const svHelp = (): Help => ({
  ...usage,
  description:
    'Sends command to each service, then waits for its effect if command is one that waits or -v is given. A service is ' +
    'the name of a directory that runsv supervises, looked up in $SVDIR; a name that begins with a dot or a slash, or ' +
    'ends in a slash, is a path. NAME/log is the log service of NAME. A name with *, ? or [...] stands for all services ' +
    'that match.\n\n' +
    'Called by another name, as a link in /etc/init.d, sv is the init script of the service with that name: ' +
    '[-w sec] command.',
  firstOperand: [...new Set([...commands, ...tools].map(({ name }) => name))],
  operandKind: 'service',
  lists: [
    { title: 'Commands', rows: commands.map(({ name, text }) => ({ term: name, text })) },
    {
      title: 'Verbs with options',
      rows: tools.map(({ name, operands, text }) => ({ term: `${name} ${operands}`, text })),
    },
    {
      title: 'Environment',
      rows: [
        { term: 'SVDIR', text: 'directory of the services (default: first of /etc/service, /service, /var/service)' },
        { term: 'SVSRC', text: 'directory of the services that new, link and remove handle (default: /etc/sv)' },
        { term: 'SVWAIT', text: 'seconds to wait, if -w is not given' },
      ],
    },
  ],
  examples: [
    { command: 'sv status web db', text: 'show the states of two services and their logs' },
    { command: 'sv -w 30 restart web', text: 'restart; wait half a minute for the new process to pass ./check' },
    { command: 'sv force-stop ./web', text: 'stop; send KILL if it is still running after 7 seconds' },
    { command: 'ln -s /usr/bin/sv /etc/init.d/web; /etc/init.d/web stop', text: 'as an init script' },
  ],
  exitCodes: [
    { code: '0', text: 'every command was sent and, if waited for, took effect' },
    { code: '1..99', text: 'the number of services that failed' },
    { code: '100', text: 'usage' },
    { code: '1, 2, 3, 4', text: 'as an init script: failure, usage, service is down, state unknown' },
  ],
});
