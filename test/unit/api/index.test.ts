// The module of the npm package: held to sv's own list of commands, and to the formats.
import { spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import {
  closeSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as api from '../../../src/api/index.ts';
import { commands } from '../../../src/applets/sv/commands.ts';
import { encodeStatus } from '../../../src/formats/status.ts';
import { LETTERS } from '../../../src/machine/service/letters.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'runitbox-api-'));
  mkdirSync(join(dir, 'supervise'));
});
let held: number[] = [];
afterEach(() => {
  for (const fd of held) closeSync(fd);
  held = [];
  rmSync(dir, { recursive: true, force: true });
});

/** A fifo with somebody who reads: what came. */
const fifo = (name: string): (() => string) => {
  const path = join(dir, 'supervise', name);
  spawnSync('mkfifo', [path]);
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  held.push(fd);
  return () => {
    const bytes = Buffer.alloc(1000);
    try {
      return bytes.toString('latin1', 0, readSync(fd, bytes));
    } catch {
      return '';
    }
  };
};

const file = (name: string, bytes: string | Buffer): void => writeFileSync(join(dir, 'supervise', name), bytes);
const codeOf = (body: () => unknown): unknown => {
  try {
    return body();
  } catch (problem) {
    return (problem as NodeJS.ErrnoException).code ?? (problem as Error).name;
  }
};

const thrownBy = (body: () => unknown): Error => {
  try {
    body();
  } catch (problem) {
    return problem as Error;
  }
  throw new Error('nothing was thrown');
};

describe('the commands', () => {
  it.each(api.commands)('%s is the one of sv', (word) => {
    const name = word.startsWith('usr') ? word.slice(3) : word;
    const came = fifo('control');
    api.sendControl(dir, word);
    expect(came()).toBe(commands.find((each) => each.name === name)?.bytes);
  });

  it('are all that there are', () => {
    const came = fifo('control');
    api.sendControl(dir, ...api.commands);
    expect([...came()].sort()).toEqual([...LETTERS].sort());
  });

  it.each([
    ['toString', "'toString'"],
    ['', "''"],
    [undefined, 'undefined'],
    [7, '7'],
    [{ word: { up: [] } }, '{ word: [Object] }'],
    [Symbol('up'), 'Symbol(up)'],
  ])('%o is none: a TypeError says so, and nothing is sent', (wrong, shown) => {
    const came = fifo('control');
    const problem = thrownBy(() => api.sendControl(dir, 'up', wrong as api.Command));
    expect(problem).toBeInstanceOf(TypeError);
    expect(problem.message).toBe(`expected a command (one of ${api.commands.join(', ')}), got ${shown}`);
    expect(came()).toBe('');
  });
});

describe('the module', () => {
  it('reads through node:fs: no native code and no program of ours is in it', () => {
    const entryPoints = ['src/api/index.ts'];
    const { metafile } = buildSync({ entryPoints, bundle: true, platform: 'node', write: false, metafile: true });
    const files = Object.keys(metafile.inputs);
    const rooms = files.map((path) => path.split('/')[1]);
    expect([...new Set(rooms)].sort()).toEqual([
      'abi',
      'api',
      'cli',
      'client',
      'effects',
      'formats',
      'host',
      'machine',
    ]);
    expect(files.filter((path) => path.startsWith('src/host/node'))).toEqual(['src/host/node/plain.ts']);
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

  it.each([
    ['short', '5 bytes'],
    ['x'.repeat(20), 'other bytes'],
    ['x'.repeat(21), 'more bytes'],
  ])('%s is none', (content, found) => {
    file('status', content);
    expect(() => api.readStatus(dir)).toThrow(`/supervise/status: expected a status of 20 bytes, got ${found}`);
    expect(api.parseStatus(Buffer.from(content))).toBe(null);
  });

  it.each([
    ['text', "'text'"],
    [null, 'null'],
    [[1], '[ 1 ]'],
  ])('cannot be parsed from %o: a TypeError', (record, shown) => {
    const problem = thrownBy(() => api.parseStatus(record as unknown as Uint8Array));
    expect(problem).toBeInstanceOf(TypeError);
    expect(problem.message).toBe(`expected the bytes of a status, got ${shown}`);
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

describe('a supervise directory of somebody who means harm', () => {
  const PRECIOUS = 'precious';
  const at = (name: string): string => join(dir, 'supervise', name);
  const forms: Readonly<Record<string, (path: string) => void>> = {
    link: (path) => {
      writeFileSync(join(dir, 'elsewhere'), PRECIOUS);
      symlinkSync(join(dir, 'elsewhere'), path);
    },
    'link to a device': (path) => symlinkSync('/dev/zero', path),
    'regular file': (path) => writeFileSync(path, PRECIOUS),
    'fifo without a reader': (path) => spawnSync('mkfifo', [path]),
    directory: (path) => mkdirSync(path),
    socket: (path) => {
      const server = createServer().listen(path);
      server.unref();
    },
    'huge file': (path) => {
      writeFileSync(path, '');
      truncateSync(path, 2 ** 40);
    },
  };

  it.each(Object.keys(forms))('with a %s in place of control: nothing is written', (form) => {
    forms[form]?.(at('control'));
    expect(() => api.sendControl(dir, 'down')).toThrow();
    if (form === 'link') expect(readFileSync(join(dir, 'elsewhere'), 'latin1')).toBe(PRECIOUS);
    if (form === 'regular file') expect(readFileSync(at('control'), 'latin1')).toBe(PRECIOUS);
  });

  it.each(Object.keys(forms))('with a %s in place of ok: not supervised, or not known', (form) => {
    forms[form]?.(at('ok'));
    const answer = codeOf(() => api.isSupervised(dir));
    expect(form.startsWith('fifo') || form === 'socket' ? answer === false : typeof answer === 'string').toBe(true);
  });

  it.each(Object.keys(forms))('with a %s in place of status: refused at once', (form) => {
    forms[form]?.(at('status'));
    expect(() => api.readStatus(dir)).toThrow();
  });

  it('names what it expected', () => {
    writeFileSync(at('control'), PRECIOUS);
    expect(() => api.sendControl(dir, 'up')).toThrow('/supervise/control: expected a fifo, found something else');
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
    [0.5, 0, 'sec: expected an integer, got 0.5'],
    [Number.NaN, 0, 'sec: expected an integer, got NaN'],
    ['1', 0, "sec: expected an integer, got '1'"],
    [0, -1, 'nsec: expected an integer from 0 to 999999999, got -1'],
    [0, 1e9, 'nsec: expected an integer from 0 to 999999999, got 1000000000'],
  ])('%o s %d ns is not a moment', (sec, nsec, message) => {
    const problem = thrownBy(() => api.formatTai64n({ sec: sec as number, nsec }));
    expect(problem).toBeInstanceOf(RangeError);
    expect(problem.message).toBe(message);
  });
});
