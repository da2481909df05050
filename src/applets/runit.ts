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
      'Must be process 1. Runs /etc/runit/1, which does what is done once; then /etc/runit/2, which usually becomes ' +
      'runsvdir and stays until the system is to stop; then /etc/runit/3; then switches the machine off or reboots it. ' +
      'Reaps every orphan.\n\n' +
      'A stage 1 that exits 100 or crashes is followed by stage 3. A stage 2 that exits 111 or crashes is started again ' +
      'after five seconds. A stage 1 or 2 that cannot be executed brings an emergency shell, where the console is a ' +
      'terminal.\n\n' +
      'runit-init asks for the stop. What comes in stage 1 is obeyed after it.',
    options: [],
    lists: [
      {
        title: 'Signals',
        rows: [
          { term: 'CONT', text: 'stop, if /etc/runit/stopit or /run/runit.stopit may be executed by its owner' },
          { term: 'INT', text: 'Ctrl-Alt-Del: run /etc/runit/ctrlaltdel if its owner may, then as CONT' },
          { term: 'PWR', text: 'stop; if there is an executable /etc/runit/pwrfail, run that first, then as CONT' },
        ],
      },
      {
        title: 'Files',
        rows: [
          { term: '/etc/runit/reboot', text: 'or /run/runit.reboot: if executable by its owner, reboot at the end' },
          { term: '/etc/runit/nosync', text: 'if there, disks are not synced at the end' },
        ],
      },
    ],
    examples: [{ command: 'ln -s runit-init /sbin/init', text: 'make it the init of a system' }],
    exitCodes: [
      { code: '111', text: 'not process 1' },
      { code: '0', text: 'all is over, and the kernel does not let this process switch anything off (a container)' },
    ],
  },
  run,
};
