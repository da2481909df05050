import { describe, expect, it } from 'vitest';
import {
  CAPABILITIES,
  parseCapabilities,
  parseIoPriority,
  parseNamespaces,
  parseProcessors,
  parseSignal,
} from '../../../src/formats/lists.ts';

describe('capabilities', () => {
  it('have the numbers of the kernel', () => {
    expect([CAPABILITIES.length, CAPABILITIES.indexOf('sys_admin'), CAPABILITIES.at(-1)]).toEqual([
      41,
      21,
      'checkpoint_restore',
    ]);
  });

  it.each([
    ['net_bind_service', [10]],
    ['CAP_NET_BIND_SERVICE,cap_kill,Chown', [0, 5, 10]],
    ['kill,kill', [5]],
    ['none', []],
    ['all', 'all'],
  ])('%s', (text, numbers) => {
    expect(parseCapabilities(text)).toEqual(numbers);
  });

  it.each([
    ['', ''],
    ['foo', 'foo'],
    ['kill,,chown', ''],
    ['kill, chown', ' chown'],
    ['all,kill', 'all'],
  ])('%j is wrong', (text, word) => {
    expect(parseCapabilities(text)).toEqual({ wrong: `no such capability: ${word}` });
  });
});

describe('namespaces', () => {
  it('become bits', () => {
    expect(parseNamespaces('net')).toBe(0x40000000);
    expect(parseNamespaces('mount,uts,ipc,net,pid,cgroup,user,time')).toBe(0x7e020080);
  });

  it.each(['', 'nets', 'net,', 'toString'])('%j is wrong', (text) => {
    expect(parseNamespaces(text)).toMatchObject({ wrong: expect.stringContaining('no such namespace') });
  });
});

describe('a signal', () => {
  it.each([
    ['TERM', 15],
    ['SIGTERM', 15],
    ['sigusr1', 10],
    ['SYS', 31],
    ['9', 9],
    ['64', 64],
  ])('%s is %d', (text, number) => {
    expect(parseSignal(text)).toBe(number);
  });

  it.each(['', 'SIG', 'TER', '0', '65', '-1'])('%j is none', (text) => {
    expect(parseSignal(text)).toEqual({ wrong: `no such signal: ${text}` });
  });
});

describe('processors', () => {
  it.each([
    ['0', [1]],
    ['0-3', [15]],
    ['1,3', [10]],
    ['31', [0x80000000]],
    ['32', [0, 1]],
    ['30-33', [0xc0000000, 3]],
    ['64,0', [1, 0, 1]],
    ['1-1', [2]],
  ])('%s', (text, words) => {
    expect(parseProcessors(text)).toEqual(words);
  });

  it.each(['', 'a', '1-', '-1', '3-1', '1,,2', '8192', '0-8192', '1-2-3'])('%j is no list', (text) => {
    expect(parseProcessors(text)).toEqual({ wrong: `not a list of processors: ${text}` });
  });
});

describe('an I/O priority', () => {
  it.each([
    ['idle', 3 << 13],
    ['none', 0],
    ['realtime', (1 << 13) | 4],
    ['best-effort:7', (2 << 13) | 7],
    ['2:0', 2 << 13],
    ['3', 3 << 13],
  ])('%s', (text, number) => {
    expect(parseIoPriority(text)).toBe(number);
  });

  it.each([
    ['', 'no such class: '],
    ['fast', 'no such class: fast'],
    ['4', 'no such class: 4'],
    ['idle:8', 'not a level from 0 to 7'],
    ['idle:', 'not a level from 0 to 7'],
  ])('%j is wrong: %s', (text, wrong) => {
    expect(parseIoPriority(text)).toEqual({ wrong });
  });
});
