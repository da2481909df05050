import { describe, expect, it } from 'vitest';
import { decodeNotify, NOTIFY_MAX, NOTIFY_TEXT_MAX } from '../../../src/formats/notify.ts';

describe('a message of sd_notify', () => {
  it.each([
    ['READY=1', [{ kind: 'ready' }]],
    ['READY=1\n', [{ kind: 'ready' }]],
    ['RELOADING=1\nMONOTONIC_USEC=5', [{ kind: 'reloading' }]],
    ['STOPPING=1\nSTATUS=bye', [{ kind: 'stopping' }, { kind: 'text', text: 'bye' }]],
    [
      'STATUS=a=b\nSTATUS=',
      [
        { kind: 'text', text: 'a=b' },
        { kind: 'text', text: '' },
      ],
    ],
    ['WATCHDOG=1\nWATCHDOG=trigger\nWATCHDOG=2', [{ kind: 'sign' }, { kind: 'trigger' }]],
    ['WATCHDOG_USEC=1001', [{ kind: 'watchdog', ms: 2 }]],
    ['WATCHDOG_USEC=0', [{ kind: 'watchdog', ms: 0 }]],
    ['EXTEND_TIMEOUT_USEC=5000000', [{ kind: 'extend', ms: 5000 }]],
    ['EXTEND_TIMEOUT_USEC=18446744073709551615', [{ kind: 'extend', ms: 2_147_483_647 }]],
    ['RESTART_RESET=1', [{ kind: 'resetStreak' }]],
    ['MAINPID=4711', [{ kind: 'mainPid', pid: 4711 }]],
  ])('%j', (message, events) => {
    expect(decodeNotify(message)).toEqual(events);
  });

  it.each([
    '',
    '\n\n',
    'READY',
    'READY=0',
    'READY=11',
    ' READY=1',
    'ready=1',
    '=1',
    'WATCHDOG=toString',
    'toString=1',
    'WATCHDOG_USEC=',
    'WATCHDOG_USEC=-1',
    'WATCHDOG_USEC=1s',
    'EXTEND_TIMEOUT_USEC=1e9',
    'EXTEND_TIMEOUT_USEC=100000000000000000000000',
    'MAINPID=0',
    'MAINPID=1x',
    'MAINPID=99999999',
    'FDSTORE=1\nFDNAME=a\nERRNO=2\nBUSERROR=x\nNOTIFYACCESS=all\nBARRIER=1\nX_OWN=1',
  ])('%j says nothing', (message) => {
    expect(decodeNotify(message)).toEqual([]);
  });

  it('has a text that is one line of valid UTF-8, and not too long', () => {
    expect(decodeNotify('STATUS=a\tb\x1b[2J\x7f\xff\xc3\xa9')).toEqual([
      { kind: 'text', text: 'a b [2J \xef\xbf\xbd\xc3\xa9' },
    ]);
    const [event] = decodeNotify(`STATUS=${'\xc3\xa9'.repeat(300)}`);
    expect(event).toEqual({ kind: 'text', text: '\xc3\xa9'.repeat(NOTIFY_TEXT_MAX / 2) });
  });

  it('is cut, and half a line says nothing but a text', () => {
    const fill = (line: string): string => `${'x'.repeat(NOTIFY_MAX - line.length - 1)}\n${line}`;
    expect(decodeNotify(fill('READY=1'))).toEqual([{ kind: 'ready' }]);
    expect(decodeNotify(`${fill('EXTEND_TIMEOUT_USEC=1')}000000`)).toEqual([]);
    expect(decodeNotify(`${fill('READY=1')}\nREADY=1`)).toEqual([]);
    expect(decodeNotify(`${fill('STATUS=abc')}def`)).toEqual([{ kind: 'text', text: 'abc' }]);
  });
});
