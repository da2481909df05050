// The module of the npm package: held to sv's own list of commands, and to the formats.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as api from '../../../src/api/index.ts';
import { commands } from '../../../src/applets/sv/commands.ts';
import { encodeStatus } from '../../../src/formats/status.ts';
import { LETTERS } from '../../../src/machine/letters.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'runitbox-api-'));
  mkdirSync(join(dir, 'supervise'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const file = (name: string, bytes: string | Buffer): void => writeFileSync(join(dir, 'supervise', name), bytes);
const codeOf = (body: () => unknown): unknown => {
  try {
    return body();
  } catch (problem) {
    return (problem as NodeJS.ErrnoException).code ?? (problem as Error).name;
  }
};

describe('the commands', () => {
  it.each(api.commands)('%s is the one of sv', (word) => {
    const name = word.startsWith('usr') ? word.slice(3) : word;
    // a plain file in place of the fifo keeps what was written
    file('control', '');
    api.sendControl(dir, word);
    expect(readFileSync(join(dir, 'supervise/control'), 'latin1')).toBe(
      commands.find((each) => each.name === name)?.bytes,
    );
  });

  it('are all that there are', () => {
    file('control', '');
    api.sendControl(dir, ...api.commands);
    expect([...readFileSync(join(dir, 'supervise/control'), 'latin1')].sort()).toEqual([...LETTERS].sort());
  });

  it('that are none are named, and nothing is sent', () => {
    file('control', '');
    const wrong = 'toString' as api.Command;
    expect(() => api.sendControl(dir, 'up', wrong)).toThrow('toString is no command; there are up, down, ');
    expect(readFileSync(join(dir, 'supervise/control'), 'latin1')).toBe('');
  });
});

describe('the status', () => {
  const record = {
    sec: 1_800_000_000,
    nsec: 5,
    pid: 4_194_303,
    paused: true,
    want: 'down',
    gotTerm: true,
    phase: 'run',
  } as const;

  it('is that of the file', () => {
    file('status', Buffer.from(encodeStatus(record), 'latin1'));
    const { sec, nsec, ...rest } = record;
    expect(api.readStatus(dir)).toEqual({ since: { sec, nsec }, ...rest });
  });

  it('has no process 0', () => {
    const bytes = Buffer.from(encodeStatus({ ...record, pid: 0, phase: 'down' }), 'latin1');
    expect(api.parseStatus(bytes)).toMatchObject({ pid: null, phase: 'down' });
  });

  it('of another length is none', () => {
    file('status', 'short');
    expect(() => api.readStatus(dir)).toThrow('/supervise/status is no status');
    expect(api.parseStatus(new Uint8Array(19))).toBe(null);
  });

  it('that is not there is told as node:fs tells it', () => {
    expect(codeOf(() => api.readStatus(dir))).toBe('ENOENT');
    expect(codeOf(() => api.sendControl(dir, 'up'))).toBe('ENOENT');
  });
});

describe('whether a directory is supervised', () => {
  it('is no where nothing was ever there', () => {
    expect(api.isSupervised(dir)).toBe(false);
    expect(api.isSupervised('/dev/null')).toBe(false);
  });

  it('is thrown where it cannot be known', () => {
    expect(codeOf(() => api.isSupervised(`/${'x'.repeat(300)}`))).toBe('ENAMETOOLONG');
  });
});

describe('labels', () => {
  it('are written and read back', () => {
    const moment = { sec: 1_694_498_806, nsec: 123_456_789 };
    expect(api.formatTai64n(moment)).toBe('@4000000065000000075bcd15');
    expect(api.parseTai64n('@4000000065000000075bcd15 a line')).toEqual(moment);
  });

  it.each(['', '4000000065000000075bcd15', '@4000000065000000075bcd1', '@4000000065000000075BCD15'])(
    '%o is none',
    (text) => {
      expect(api.parseTai64n(text)).toBe(null);
    },
  );

  it.each([
    [0.5, 0],
    [Number.NaN, 0],
    [0, -1],
    [0, 1e9],
  ])('%d s %d ns is no moment', (sec, nsec) => {
    expect(() => api.formatTai64n({ sec, nsec })).toThrow(RangeError);
  });
});
