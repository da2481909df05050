// runit: process 1. Brings the system up, keeps stage 2 running, takes it down.
//
// Read next: ../effects/init/supervisor.ts (the loop), ../machine/init/model.ts (the stages).
import { err } from '../cli/say.ts';
import { readCheckpoint } from '../effects/container/checkpoint.ts';
import { runStages } from '../effects/init/supervisor.ts';
import { sys } from '../host/sys.ts';
import type { Applet } from '../cli/applet.ts';

const run = (): number => {
  if (sys.getpid() === 1) return runStages(readCheckpoint('runit'));
  err('- runit: fatal: must be run as process no 1.\n');
  return 111;
};

export const runit: Applet = {
  name: 'runit',
  summary: 'boot, run and shut down a system as process 1',
  folder: 'sbin',
  help: {
    operands: '',
    usage: '',
    description:
      'Must be process 1. Runs /etc/runit/1, which sets up the system; then /etc/runit/2, which usually executes ' +
      'runsvdir and runs until the system stops; then /etc/runit/3; then switches the machine off or reboots it. ' +
      'Reaps every orphan.\n\n' +
      'If stage 1 exits with 100 or crashes, stage 3 follows. If stage 2 exits with 111 or crashes, it is started again ' +
      'after five seconds. If stage 1 or 2 cannot be executed and the console is a terminal, an emergency shell is ' +
      'started.\n\n' +
      'runit-init requests a stop. Requests that arrive during stage 1 take effect after it.',
    options: [],
    lists: [
      {
        title: 'Signals',
        rows: [
          { term: 'CONT', text: 'stop, if /etc/runit/stopit or /run/runit.stopit may be executed by its owner' },
          { term: 'INT', text: 'Ctrl-Alt-Del: run /etc/runit/ctrlaltdel if its owner may, then act as for CONT' },
          {
            term: 'PWR',
            text: 'stop; if there is an executable /etc/runit/pwrfail, run it first, then act as for CONT',
          },
        ],
      },
      {
        title: 'Files',
        rows: [
          { term: '/etc/runit/reboot', text: 'or /run/runit.reboot: if executable by its owner, reboot at the end' },
          { term: '/etc/runit/nosync', text: 'if it exists, disks are not synced at the end' },
        ],
      },
    ],
    examples: [{ command: 'ln -s runit-init /sbin/init', text: 'make it the init of a system' }],
    exitCodes: [
      { code: '111', text: 'not process 1' },
      {
        code: '0',
        text: 'the system has stopped, but the kernel does not let this process switch the machine off (a container)',
      },
    ],
  },
  run,
};
