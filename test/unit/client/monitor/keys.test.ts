// Keys out of what a terminal sends.
import { describe, expect, it } from 'vitest';
import { keysIn } from '../../../../src/client/monitor/keys.ts';

describe('keysIn', () => {
  it.each([
    ['jk/q', ['j', 'k', '/', 'q']],
    ['\x1b[A\x1b[B', ['up', 'down']],
    ['\x1bOA\x1bOH', ['up', 'home']],
    ['\x1b[5~\x1b[6~\x1b[1~\x1b[4~\x1b[7~\x1b[8~\x1b[F', ['page up', 'page down', 'home', 'end', 'home', 'end', 'end']],
    ['\r\n\x7f\b\x0c', ['enter', 'enter', 'backspace', 'backspace', 'redraw']],
    ['\x1b[200~pasted\x1b[<0;1;2M', ['p', 'a', 's', 't', 'e', 'd']],
    ['\x01\x02\0', []],
    ['\x1bx', ['escape', 'x']],
    ['\xc3\xa4', ['\xc3', '\xa4']],
  ])('finds in %j the keys %j', (bytes, keys) => {
    expect(keysIn(bytes, false)).toEqual({ keys, rest: '' });
  });

  it.each(['\x1b', '\x1b[', '\x1b[1', '\x1b[1;2', '\x1bO'])('keeps %j until more comes, or nothing does', (bytes) => {
    expect(keysIn(`j${bytes}`, false)).toEqual({ keys: ['j'], rest: bytes });
    expect(keysIn(bytes, true)).toEqual({ keys: ['escape', ...bytes.slice(1)], rest: '' });
  });
});
