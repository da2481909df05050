// Many messages at one moment.
import { describe, expect, it } from 'vitest';
import { decodeNotify, type NotifyEvent } from '../../../src/formats/notify.ts';
import { inOrder } from '../../../src/formats/notify-turn.ts';

const kinds = (...messages: readonly string[]): readonly string[] =>
  inOrder(messages.flatMap(decodeNotify)).map((event) => event.kind);

describe('messages of one turn', () => {
  it.each([
    [[], []],
    [['READY=1'], ['ready']],
    [['READY=1', 'READY=1'], ['ready']],
    [
      ['RELOADING=1', 'READY=1'],
      ['reloading', 'ready'],
    ],
    [
      ['READY=1', 'RELOADING=1'],
      ['ready', 'reloading'],
    ],
    [
      ['READY=1', 'RELOADING=1', 'READY=1', 'RELOADING=1'],
      ['reloading', 'ready', 'reloading'],
    ],
    [['RELOADING=1', 'RELOADING=1'], ['reloading']],
    [['RELOADING=1', 'STOPPING=1'], ['stopping']],
    [['STOPPING=1', 'READY=1'], ['ready']],
    [
      ['WATCHDOG=1', 'STATUS=x', 'WATCHDOG=1', 'READY=1'],
      ['ready', 'sign', 'text'],
    ],
  ])('%j', (messages, expected) => {
    expect(kinds(...messages)).toEqual(expected);
  });

  it('keep the last of each value', () => {
    const events = inOrder(
      ['STATUS=a', 'EXTEND_TIMEOUT_USEC=1000', 'STATUS=b', 'EXTEND_TIMEOUT_USEC=9000'].flatMap(decodeNotify),
    );
    expect(events).toEqual<NotifyEvent[]>([
      { kind: 'extend', ms: 9 },
      { kind: 'text', text: 'b' },
    ]);
  });
});
