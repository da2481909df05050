// The two programs that print what the sources are like: that they run, and count what is there.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';

const BUILD = join(import.meta.dirname, '../../../build');

const checkoutOf = (files: Readonly<Record<string, string>>): string => {
  const top = mkdtempSync(join(tmpdir(), 'runitbox-reports-'));
  onTestFinished(() => rmSync(top, { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(top, path)), { recursive: true });
    writeFileSync(join(top, path), text);
  }
  return top;
};

const run = (program: string, ...args: readonly string[]): string =>
  execFileSync(process.execPath, [join(BUILD, program), ...args], { encoding: 'utf8' });

const FILES = {
  'tsconfig.json': '{"compilerOptions":{"allowImportingTsExtensions":true,"noEmit":true},"include":["src"]}',
  'src/formats/a.ts': "import type { B } from '../machine/b.ts';\nexport const a = (b: B): B => b;\n",
  'src/machine/b.ts':
    "import { a } from '../formats/a.ts';\nexport type B = number;\n// a comment\nexport function b(): B {\n  return a(1);\n}\n",
};

it('graph.ts prints arrows, upward imports and cycles', () => {
  const report = run('graph.ts', checkoutOf(FILES));
  expect(report).toContain('imports: 2, of types 1\n');
  expect(report).toContain('  formats            machine 1\n');
  expect(report).toContain('upward between rooms: 1\n  src/formats/a.ts:1 -> src/machine/b.ts\n');
  expect(report).toContain('cycles of rooms: 1\n');
  expect(report).toContain('cycles of files: 1\n');
  expect(report).toContain('cycles of files, types apart: 0\n');
});

it('graph.ts --words prints no row where no word is left to be retired', () => {
  expect(run('graph.ts', '--words', checkoutOf(FILES))).toBe('\n');
});

it('functions.ts prints the longest functions and files', () => {
  const report = run('functions.ts', checkoutOf(FILES));
  expect(report).toContain(
    'functions of src: 2, median 3 lines, 95 % at most 3\n     3 src/machine/b.ts:4\n     1 src/formats/a.ts:2\n',
  );
  expect(report).toContain('files of src: 2, median 6 lines, 95 % at most 6\n     6 src/machine/b.ts\n');
});
