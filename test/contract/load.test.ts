// What the Node host adds to the addon: argument bytes, the way through memory of the packed build, what it puts back.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { exactArgs } from '../../src/host/node/argv.ts';
import { loadBytes, NoPlace } from '../../src/host/node/load.ts';
import { inherited, openFilesIn } from '../../src/host/node/put-back.ts';
import { nodeHost } from './node-host.ts';

const addon = (): Uint8Array => readFileSync(fileURLToPath(new URL('../../out/node/sys.node', import.meta.url)));

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('the arguments under Node', () => {
  test('are the kernel’s bytes where Node could not decode them', () => {
    expect(exactArgs(['\ufffd', 'ü'], ['node', 'main.ts', '\xff', '\xc3\xbc'])).toEqual(['\xff', '\xc3\xbc']);
  });

  test('are encoded from Node’s text where the kernel’s do not fit it', () => {
    expect(exactArgs(['a', 'ü'], ['a title', 'over', 'them'])).toEqual(['a', '\xc3\xbc']);
    expect(exactArgs(['a', 'b'], ['b'])).toEqual(['a', 'b']);
  });

  test('are none where there are none', () => {
    expect(exactArgs([], ['node', 'main.ts'])).toEqual([]);
  });
});

describe('the addon from memory', () => {
  test('works and leaves no file behind', () => {
    const host = nodeHost();
    const dir = mkdtempSync(`${tmpdir()}/load-`);
    vi.stubEnv('XDG_RUNTIME_DIR', dir);
    onTestFinished(() => rmSync(dir, { recursive: true }));
    expect(loadBytes(addon(), false).getpid()).toBe(host.getpid());
    expect(readdirSync(dir)).toEqual([]);
  });

  test('that is no addon is refused with one reason for each directory', () => {
    expect(() => loadBytes(new Uint8Array([1, 2, 3]), false)).toThrow(NoPlace);
  });
});

describe('what was there before Node', () => {
  const epoll = 'anon_inode:[eventpoll]';
  const opened = (text: string) => text.split(', ').map((what, fd) => ({ fd, what }));

  test('is every descriptor below Node’s first', () => {
    expect(inherited(opened(`a, b, c, pipe:[7], socket:[8], /dev/null, ${epoll}, anon_inode:[eventfd]`), true)).toEqual(
      [3, 4, 5],
    );
  });

  test('is, above it, every file, and every pipe of which Node has not both ends', () => {
    expect(
      inherited(opened(`a, b, c, ${epoll}, pipe:[7], pipe:[8], pipe:[8], /f, /dev/null, socket:[9]`), false),
    ).toEqual([4, 7, 8, 9]);
  });

  test('is no socket, and not the null device, while the debugger has some', () => {
    expect(inherited(opened(`a, b, c, ${epoll}, /dev/null, socket:[9], /f`), true)).toEqual([6]);
  });

  test('limits on open files are read from /proc', () => {
    const line = (soft: string, hard: string): string =>
      `Max processes  1  2  x\nMax open files            ${soft}  ${hard}  files\n`;
    expect(openFilesIn(line('1024', '524288'))).toEqual([1024, 524288]);
    expect(openFilesIn(line('1024', 'unlimited'))).toEqual([1024, -1]);
    expect(openFilesIn('')).toBe(null);
  });
});
