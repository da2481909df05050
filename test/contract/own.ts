// The contract of the calls by which a process changes itself: identity, limits, capabilities, and what it passes on.
//
// All of it happens in a second process with the same host, see roles.ts.
import * as l from '../lib/abi.ts';
import type { Case, Spec } from './case.ts';
import { holds, same, statusLine } from './case.ts';
import { everything } from './self.ts';
import { NOBODY } from './signals.ts';

const asRoot = (c: Case): boolean => statusLine(c, c.sys.getpid(), 'Uid').startsWith('0');

const LINES = [
  'umask then 23',
  'nice 0 1',
  'no new privileges 0',
  'io 0',
  `affinity 0 none -${l.EINVAL}`,
  'limit lowered true',
  `limit above -${l.EINVAL}, of none -${l.EINVAL}, half -${l.EINVAL}`,
  `calls -${l.EINVAL} -${l.EINVAL} -${l.EINVAL}`,
  `sets 6 wrong -${l.EINVAL}`,
  `too many groups -${l.EINVAL}`,
];

const all: readonly Spec[] = [
  {
    title: 'what a process may change of itself, it changes, and what makes no sense is EINVAL',
    run: (c) => {
      const [text, status] = everything(c, ['role:numeric']);
      same(status, 0, 'wait status');
      same(text.split('\n').slice(0, LINES.length).join('\n'), LINES.join('\n'), 'lines');
    },
  },
  {
    title: 'root becomes another user with these groups, and then may do none of it any more: EPERM; others never may',
    run: (c) => {
      const [text] = everything(c, ['role:numeric']);
      const refusal = `-${l.EPERM}`;
      const first = asRoot(c) ? 'groups 0 gid 0 uid 0' : `groups ${refusal} gid ${refusal} uid ${refusal}`;
      const again = `again ${[1, 2, 3, 4].map(() => refusal).join(' ')}`;
      same(text.split('\n').slice(-2).join('\n'), `${first}\n${again}`, 'lines');
      holds(text.includes(asRoot(c) ? `chroot -${l.ENOENT}` : 'chroot -'), 'a new root that is missing');
    },
  },
  {
    title: 'setCloexec decides whether a program that is executed gets a descriptor; EBADF for none',
    run: (c) => {
      const [text] = everything(c, ['role:cloexec', c.file('f')]);
      same(text, 'one\n', 'of standard error, one to pass on and one as it was opened');
      same(c.sys.setCloexec(NOBODY, 0), -l.EBADF, 'no descriptor');
    },
  },
  {
    title: 'exec with an environment of one empty string starts the program without any',
    run: (c) => same(everything(c, ['role:exec-no-env'], ['A=1'])[0], '', 'environment'),
  },
];

export const ownSpecs: readonly Spec[] = all.map((spec) => ({ ...spec, needs: 'again' }));
