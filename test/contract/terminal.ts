// The contract of terminals: windowSize, rawMode.
//
// Read next: specs.ts; test/operations/monitor.ts has a terminal that people use.
import type { Fd } from '../../src/host/calls.ts';
import * as l from '../lib/abi.ts';
import type { Spec } from './case.ts';
import { poll, refuses, same } from './case.ts';

const NEVER_OPEN = 999_999 as Fd;

export const terminalSpecs: readonly Spec[] = [
  {
    title: 'windowSize and rawMode say ENOTTY for a file, EBADF for no descriptor',
    run: (c) => {
      const fd = c.open(c.file('f', 'x'), l.O_RDWR);
      refuses(c.sys.windowSize(fd), l.ENOTTY, 'size of a file');
      refuses(c.sys.rawMode(fd, 1), l.ENOTTY, 'raw mode of a file');
      refuses(c.sys.windowSize(NEVER_OPEN), l.EBADF, 'size of no descriptor');
      refuses(c.sys.rawMode(NEVER_OPEN, 1), l.EBADF, 'raw mode of no descriptor');
      same(c.sys.rawMode(fd, 0), 0, 'nothing to undo');
    },
  },
  {
    title: 'rawMode of a terminal ends echo and lines until it is undone; both may be asked for twice',
    needs: 'realPrograms',
    run: (c) => {
      const terminal = c.open('/dev/ptmx', l.O_RDWR | l.O_NOCTTY | l.O_NONBLOCK);
      c.later(() => c.sys.rawMode(terminal, 0));
      same(c.sys.windowSize(terminal), [0, 0], 'the size of one that nobody looks at');
      const echoOf = (text: string, patienceMs = 10_000): unknown => {
        same(c.sys.write(terminal, text), text.length, 'typed');
        return poll(c, [terminal, l.POLLIN], patienceMs)[0] === l.POLLIN ? c.sys.read(terminal, 9) : '';
      };
      same(echoOf('a'), 'a', 'echo at first');
      same([c.sys.rawMode(terminal, 1), c.sys.rawMode(terminal, 1)], [0, 0], 'raw');
      same(echoOf('b', 100), '', 'echo in raw mode');
      same([c.sys.rawMode(terminal, 0), c.sys.rawMode(terminal, 0)], [0, 0], 'undone');
      same(echoOf('c'), 'c', 'echo afterwards');
    },
  },
];
