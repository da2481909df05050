// What a process that must not end hands to itself.
import { describe, expect, it } from 'vitest';
import { decodeCheckpoint, encodeCheckpoint, type TreeState } from '../../../src/machine/checkpoint.ts';
import { newShutdown } from '../../../src/machine/container/shutdown.ts';

const state: TreeState = {
  wanted: [{ name: 'a\xff"\n', key: '1:2:3', pid: 10, startedMs: 5.25, dueMs: null }],
  leaving: [{ name: 'b', key: '1:2:4', pid: 11, startedMs: 6, dueMs: null }],
  starting: ['1:2:3'],
  stopping: true,
  foreignRunsvs: [{ pid: 11, start: 7 }],
  shutdown: newShutdown(7000),
  commandDue: false,
  readproctitle: -1,
  lock: 11,
  files: 1024,
};

const text = (process: number, status: number, start: number | null = 5120): string => {
  const field = (n: number): string => String(n).padStart(10, '0');
  return `${field(process)} ${field(status)} ${encodeCheckpoint('runsvdir', start, state)}`;
};

describe('a handover', () => {
  it('comes back as it was, whatever the names are', () => {
    expect(decodeCheckpoint('runsvdir', text(1, 0))).toEqual({ state, pid: 0, wait: null, start: 5120 });
  });

  it('is bytes without a NUL', () => {
    expect(encodeCheckpoint('runsvdir', 5120, state)).toMatch(/^[\x01-\xff]+$/);
  });

  it('has the main command and its end in front, each plus one', () => {
    expect(decodeCheckpoint('runsvdir', text(124, 0))).toMatchObject({ pid: 123, wait: null });
    expect(decodeCheckpoint('runsvdir', text(124, 1))).toMatchObject({ pid: 123, wait: 0 });
    expect(decodeCheckpoint('runsvdir', text(124, 0x301))).toMatchObject({ pid: 123, wait: 0x300 });
    expect(decodeCheckpoint('runsvdir', text(0, 0))).toMatchObject({ pid: 0, wait: null });
  });

  it('says when its process was started, where that was known', () => {
    expect(decodeCheckpoint('runsvdir', text(1, 0, null))).toMatchObject({ start: null });
  });

  it('is not taken for one where it is none', () => {
    const broken = [text(1, 0).replace('{', '{x'), text(1, 0).replace('"wanted"', 'wanted')];
    for (const none of [...broken, '', 'x', text(1, 0).slice(1), text(1, 0).replace('runsvdir', 'runit')])
      expect(decodeCheckpoint('runsvdir', none)).toBe(null);
  });
});
