// The programs in this very process, through the same table as the executable's and on the Node host: real directories,
// real processes. What the virtual kernel cannot show; how programs behave at length is test/compat's business.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { multicall } from '../../../src/applets/runitbox.ts';
import type { Bytes } from '../../../src/abi/bytes.ts';
import type { Calls } from '../../../src/host/calls.ts';
import { useHost } from '../../../src/host/sys.ts';
import { applets } from '../../../src/whole.ts';
import { nodeHost } from '../../contract/node-host.ts';

const host = nodeHost();

interface Ran {
  readonly code: number;
  readonly out: Bytes;
  readonly err: Bytes;
  /** What it became, where it came so far; nothing is executed. */
  readonly became: readonly Bytes[];
}

/** Plays `argv`; standard output and error are kept, everything else is done. */
const play = (argv: readonly Bytes[], environ = host.environ()): Ran => {
  const texts = ['', '', ''];
  let became: readonly Bytes[] = [];
  const here: Partial<Calls> = {
    args: () => argv,
    environ: () => environ,
    write: (fd, data) => {
      if (fd !== 1 && fd !== 2) return host.write(fd, data);
      texts[fd] += data;
      return data.length as ReturnType<Calls['pwrite']>;
    },
    exec: (path, args, env) => {
      became = [path, ...args];
      return host.exec('/nonexistent', args, env);
    },
  };
  useHost({ ...host, ...here });
  const code = multicall(applets, argv);
  return { code, out: texts[1] ?? '', err: texts[2] ?? '', became };
};

const before = process.cwd();
let dir = '';
beforeEach(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), 'runitbox-in-process-')));
});
afterEach(() => {
  process.chdir(before);
  rmSync(dir, { recursive: true, force: true });
});

const program = (path: string, text: string): string => {
  mkdirSync(join(dir, path, '..'), { recursive: true });
  writeFileSync(join(dir, path), `#!/bin/sh\n${text}\n`);
  chmodSync(join(dir, path), 0o755);
  return join(dir, path);
};

describe('a wrong call', () => {
  it.each([
    ['runsv', 1, 'usage: runsv dir\n'],
    ['runsvdir', 1, 'usage: runsvdir [-P] dir\n'],
    ['sv', 100, 'usage: sv '],
    ['sv status', 100, 'usage: sv '],
    ['sv nonsense web', 100, "sv: nonsense: no such command; 'sv --help' lists the commands\n"],
    ['sv -Z status web', 100, 'sv: illegal option -- Z\n'],
    ['chpst', 100, 'usage: chpst '],
    ['chpst -u', 100, 'chpst: option requires an argument -- u\n'],
    ['setuidgid root', 100, 'usage: setuidgid '],
    ['softlimit -Z true', 100, 'softlimit: illegal option -- Z\n'],
    ['envdir none', 100, 'usage: envdir '],
    ['svok', 1, 'usage: svok '],
    ['nonsense', 127, 'runitbox: applet not found: nonsense\n'],
  ])('%s exits %i and says how to call it', (line, code, err) => {
    const ran = play(line.split(' '));
    expect(ran).toEqual({ code, out: '', err: expect.stringContaining(err), became: [] });
  });
});

describe('what the kernel refuses', () => {
  it.each([
    ['runsv none', 111, 'runsv none: fatal: unable to change to directory: file does not exist\n'],
    ['chpst -/ none true', 111, 'chpst: fatal: unable to change directory: none: file does not exist\n'],
    ['chpst -e none true', 111, 'chpst: fatal: unable to switch to directory: none: file does not exist\n'],
    ['chpst -u nobody-of-this-name true', 111, 'chpst: fatal: unknown user/group: nobody-of-this-name\n'],
  ])('%s exits %i and says what', (line, code, err) => {
    process.chdir(dir);
    expect(play(line.split(' '))).toEqual({ code, out: '', err, became: [] });
  });
});

describe('chpst', () => {
  it('becomes the first program in PATH, with the variables of a directory', () => {
    mkdirSync(join(dir, 'env'));
    writeFileSync(join(dir, 'env/NAME'), 'value\n');
    const ran = play(['chpst', '-e', join(dir, 'env'), 'prog', 'x'], [`PATH=${dir}`]);
    expect(ran.became).toEqual([`${dir}/prog`, 'prog', 'x']);
    expect(ran.err).toBe('chpst: fatal: unable to run: prog: file does not exist\n');
  });
});

describe('runsv', () => {
  it('runs the service, obeys it, runs finish and leaves a true status', () => {
    const run = program('s/run', 'echo run > told; printf x > supervise/control; exec sleep 1000');
    program('s/finish', 'echo finish "$@" >> told');
    expect(play(['runsv', join(run, '..')])).toEqual({ code: 0, out: '', err: '', became: [] });
    expect(readFileSync(join(dir, 's/told'), 'utf8')).toBe('run\nfinish -1 15\n');
    expect(readFileSync(join(dir, 's/supervise/stat'), 'utf8')).toBe('down\n');
    process.chdir(before);
    // this process still holds what runsv had open, so it counts as running
    const { code, out } = play(['sv', 'status', join(dir, 's')]);
    expect(out).toMatch(new RegExp(`^down: ${dir}/s: \\d+s, normally up\n$`));
    expect(code).toBe(0);
  });
});

describe('runsvdir', () => {
  // one of the runsvs sends the signal: a second signal would reach the next test's runsvdir
  it('supervises services whose names look like options', () => {
    const names = ['--help', '--version', '-h', '-x'];
    for (const name of names) mkdirSync(join(dir, 'services', name), { recursive: true });
    const last = 'until [ $(sort -u told | wc -l) = 4 ]; do sleep 0.01; done; kill -TERM $PPID';
    program('bin/runsv', `echo "$1" >> told; [ "$1" != ./-x ] || { ${last}; }`);
    const path = process.env['PATH'] ?? '';
    const ran = play(['runsvdir', '-P', join(dir, 'services')], [`PATH=${dir}/bin:${path}`]);
    expect(ran).toMatchObject({ code: 0, err: '' });
    const told = readFileSync(join(dir, 'services/told'), 'utf8').trim().split('\n');
    expect([...new Set(told)].sort()).toEqual(['./--help', './--version', './-h', './-x']);
  });

  it.each([
    ['TERM', 0],
    ['HUP', 111],
  ])('starts a runsv for each service; %s ends it with %i', (signal, code) => {
    for (const name of ['one', 'other']) mkdirSync(join(dir, 'services', name), { recursive: true });
    const last = `until [ -e one.told ]; do sleep 0.01; done; kill -${signal} $PPID`;
    program('bin/runsv', `echo "$1" > "$1.told"; [ $1 = one ] || { ${last}; }`);
    const path = process.env['PATH'] ?? '';
    const ran = play(['runsvdir', '-P', join(dir, 'services')], [`PATH=${dir}/bin:${path}`]);
    expect(ran).toEqual({ code, out: '', err: '', became: [] });
    process.chdir(before);
    for (const name of ['one', 'other']) expect(existsSync(join(dir, 'services', `${name}.told`))).toBe(true);
  });
});
