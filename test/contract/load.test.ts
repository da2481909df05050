// What load.ts adds to the addon: argument bytes, and the way through memory of the packed build.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { exactArgs } from '../../src/host/node/argv.ts';
import { loadBytes, NoPlace } from '../../src/host/node/load.ts';
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
