// The commands of the page about benchmarks: measuring takes a quarter of an hour, so their options are read, not carried out.
import { spawnSync } from 'node:child_process';
import { parse as parseLog } from '../bench/log/options.ts';
import type { Block } from './page.ts';

const PROGRAM = /^(?:make && )?node_modules\/\.bin\/node (test\/bench\/(?:log\/)?run\.ts)(.*)$/;

const listed = (words: readonly string[]): string | null => {
  const { status, stderr } = spawnSync(process.execPath, ['test/bench/run.ts', ...words, '--list'], {
    encoding: 'utf8',
  });
  return status === 0 ? null : stderr;
};

const parsed = (words: readonly string[]): string | null => {
  try {
    parseLog(words);
    return null;
  } catch (cause) {
    return String(cause);
  }
};

const faultOf = (line: string): string | null => {
  const [, program, options = ''] = PROGRAM.exec(line.replace(/ +#.*$/, '')) ?? [];
  if (program === undefined) return `${line}: expected a benchmark`;
  const words = options.split(' ').filter((word) => word !== '');
  const fault = program === 'test/bench/run.ts' ? listed(words) : parsed(words);
  return fault === null ? null : `${line}: ${fault}`;
};

export const benchFaults = (blocks: readonly Block[]): readonly string[] =>
  blocks
    .flatMap(({ text }) => text.trim().split('\n'))
    .map(faultOf)
    .filter((fault) => fault !== null);
