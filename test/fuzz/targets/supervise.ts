// What lies in supervise/ and may be written by anybody who may write there: status, control bytes, the record in the lock; and
// the state that a process hands to itself.
import { learnBoot } from '../../../src/effects/service/child-record.ts';
import { survivorOf } from '../../../src/effects/service/survivor.ts';
import { decodeCheckpoint } from '../../../src/machine/checkpoint.ts';
import { changedWatches } from '../../../src/formats/inotify.ts';
import { decodeStatus, encodeStatus } from '../../../src/formats/status.ts';
import { isErrno } from '../../../src/host/calls.ts';
import { O_RDWR } from '../../../src/abi/flags.ts';
import { eventOf } from '../../../src/machine/service/letters.ts';
import { handlePair, newPair, nextDue, type Pair, type Side } from '../../../src/machine/service/pair.ts';
import { newService } from '../../../src/machine/service/table.ts';
import type { Event, Now } from '../../../src/machine/service/model.ts';
import { VirtualKernel } from '../../sim/kernel/kernel.ts';
import { insist, same, type Target } from '../model.ts';

const STATUS = '@\0\0\0\x65\x43\x21\x09\0\0\x01\0\x05\x01\0\0\0u\0\x01';

export const status: Target = {
  name: 'status',
  files: /src\/formats\/(status|tai64|inotify)\.ts$/,
  words: ['@\0\0\0', 'u', 'd', '\0\0\0\0', '\xff\xff\xff\xff', '\x01', '\x02', 'status\0', '\x10\0\0\0'],
  longest: 200,
  seeds: [STATUS, `${STATUS.slice(0, 19)}\x02`, '\x01\0\0\0\x02\0\0\0\0\0\0\0\x10\0\0\0status\0\0\0\0\0\0\0\0\0\0'],
  run(input) {
    insist(changedWatches(input, ['status']).size <= input.length / 16 + 1, 'no more watches than events');
    const found = decodeStatus(input);
    insist(found !== null || input.length !== 20 || input.charCodeAt(19) > 2, 'a status is read');
    if (found === null) return;
    insist(found.pid >= 0, 'a process number is not negative');
    insist(found.nsec >= 0 && found.nsec < 2 ** 32, 'nanoseconds are a word');
    if (Math.abs(found.sec) < 2 ** 50) same(decodeStatus(encodeStatus(found)), found, 'once more');
  },
};

/** Letters that are no commands, and what they stand for here. */
const NEWS: Readonly<Record<string, Event>> = {
  S: { kind: 'started', pid: 7 },
  F: { kind: 'forkRefused' },
  X: { kind: 'execFailed' },
  E: { kind: 'ended', code: 0, status: 0 },
  K: { kind: 'ended', code: -1, status: 9 },
  D: { kind: 'due', timer: 'start' },
};

export const control: Target = {
  name: 'control bytes',
  files: /src\/machine\/service\/(letters|pair|steps|table)\.ts$/,
  words: [...'udoxtkpchaiq12SFXEKD', '\x80', 'uS', 'dE', 'xEE'],
  longest: 200,
  seeds: ['uSdE', 'xSE', 'oSEkE', 'upctSkE', '\x80uS\x80xE'],
  run(input) {
    let now: Now = { ms: 1000, wall: { sec: 1, nsec: 500 } };
    let pair: Pair = newPair(newService('up', true, now, false), newService('up', false, now, false));
    let side: Side = 'main';
    for (const letter of input) {
      if (letter >= '\x80') {
        side = side === 'main' ? 'log' : 'main';
        continue;
      }
      now = { ms: now.ms + letter.charCodeAt(0), wall: now.wall };
      const event = eventOf(letter) ?? NEWS[letter];
      if (event === undefined) continue;
      const { pair: next, effects } = handlePair(pair, side, event, now);
      insist(effects.length <= 32, 'an event has few effects');
      const due = nextDue(next);
      insist(due === null || (due > now.ms - 60_000 && due < now.ms + 3_600_000), 'what is due is near');
      pair = next;
    }
  },
};

const BOOT = '12345678-1234-1234-1234-123456789012';

export const lockRecord: Target = {
  name: 'lock record',
  files: /src\/effects\/service\/(child-record|survivor)\.ts$/,
  words: ['run    ', 'finish ', ' 00000000001000', ' 0000000002', '\n', BOOT, ' 1:2 ', '-'],
  longest: 300,
  seeds: [
    `run    ${BOOT} ${'1:2'.padStart(31)} 00000000001000 00000000001010 0000000002\n`,
    `run    ${BOOT} 00000000001000 00000000001010 0000000002\n`,
    'finish - 1 1 5\n',
    '',
  ],
  run(input) {
    const kernel = new VirtualKernel();
    kernel.user.file('/lock', input);
    kernel.user.file('/proc/sys/kernel/random/boot_id', `${BOOT}\n`);
    kernel.run(() => {
      const fd = kernel.calls.open('/lock', O_RDWR, 0);
      if (isErrno(fd)) throw new Error('no lock');
      learnBoot();
      const survivor = survivorOf({ folder: '', fd, seal: '', text: input, directory: '1:2' });
      insist(survivor === null || (survivor.pid > 1 && survivor.startMs >= 0), 'a survivor is a process');
    });
  },
};

const TREE =
  '0000000008 0000000000 runsvdir {"wanted":[],"leaving":[],"stopping":false,"starting":[],"foreignRunsvs":[],"shutdown":{"phase":"none"},"commandDue":true,"readproctitle":-1,"lock":-1}';

export const handover: Target = {
  name: 'handed over state',
  files: /src\/machine\/checkpoint\.ts$/,
  words: [
    'runsvdir',
    'runit',
    '{"',
    '"wanted":[]',
    '[{}]',
    'null',
    '}',
    '0000000000 ',
    '"__proto__":',
    '-1',
    ' - ',
    ' 12345 ',
  ],
  longest: 1500,
  seeds: [
    TREE,
    TREE.replace('runsvdir', 'runit'),
    '0000000001 0000000010 runit {"stage":2}',
    TREE.replace('[]', 'null'),
  ],
  run(input) {
    for (const word of ['runsvdir', 'runit'] as const) {
      const found = decodeCheckpoint(word, input);
      if (found === null) continue;
      insist(found.pid >= 0 && (found.wait === null || found.wait >= 0), 'numbers are not negative');
      same(JSON.parse(JSON.stringify(found.state)), found.state, 'what JSON says');
    }
  },
};
