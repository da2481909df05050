// The programs that take part: the two suites, and the small C helpers that measure them.
//
// Promises: helpers are compiled when their source is newer; a suite is a directory with runsv, runsvdir and sv in it,
// made of links where it is one multicall file. Read next: keeper.ts, world.ts.
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, statSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { SideName } from './model.ts';

const SOURCE = import.meta.dirname;
const OUT = resolve(SOURCE, '../../out/bench');

export interface Suite {
  readonly name: SideName;
  /** What was asked for: a file or a directory. */
  readonly origin: string;
  /** Directory with runsv, runsvdir, sv. */
  readonly bin: string;
}

export interface Tools {
  readonly measure: string;
  readonly keeper: string;
  readonly service: string;
  readonly tidy: string;
  readonly reader: string;
  readonly floor: string;
}

const newer = (source: string, built: string): boolean =>
  !existsSync(built) || statSync(source).mtimeMs > statSync(built).mtimeMs;

const compile = (compiler: string, flags: readonly string[], source: string, name: string): string => {
  const [from, to] = [join(SOURCE, source), join(OUT, name)];
  if (newer(from, to)) {
    execFileSync(compiler, [...flags, '-Os', '-Wall', '-Wextra', '-s', '-o', to, from], { stdio: 'inherit' });
  }
  return to;
};

const STATIC = ['-static', '-no-pie', '-fno-pie'];

/** The smallest programs come from musl; where it is missing, from the C library at hand. */
const smallCompiler = (): string => (spawnSync('musl-gcc', ['--version']).status === 0 ? 'musl-gcc' : 'cc');

export const buildTools = (): Tools => {
  mkdirSync(OUT, { recursive: true });
  const small = smallCompiler();
  const tools = {
    measure: compile('cc', [], 'measure.c', 'measure'),
    keeper: compile('cc', [], 'keeper.c', 'keeper'),
    service: compile(small, STATIC, 'service.c', 'service'),
    tidy: compile(small, [...STATIC, '-DTIDY'], 'service.c', 'tidy'),
    reader: compile(small, [...STATIC, '-DREADER'], 'service.c', 'reader'),
    floor: compile(small, [...STATIC, '-DFLOOR'], 'service.c', 'floor'),
  };
  return tools;
};

const PROGRAMS = ['runsv', 'runsvdir', 'sv', 'chpst'] as const;
export type Program = (typeof PROGRAMS)[number];

/** A multicall file is copied, so that a build going on beside us changes nothing, and reached by links. */
export const suiteOf = (name: SideName, origin: string, dir: string): Suite => {
  if (statSync(origin).isDirectory()) return { name, origin, bin: resolve(origin) };
  const bin = join(dir, `bin-${name}`);
  mkdirSync(bin);
  copyFileSync(origin, join(bin, 'multicall'));
  for (const program of PROGRAMS) symlinkSync('multicall', join(bin, program));
  return { name, origin, bin };
};

/** Whether a suite has a program: a multicall file without it exits 127. */
export const has = (suite: Suite, program: Program): boolean => {
  const path = join(suite.bin, program);
  return existsSync(path) && spawnSync(path, [], { stdio: 'ignore', timeout: 5000 }).status !== 127;
};
