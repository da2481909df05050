// Each rule of build/rules.ts on a sample that keeps it, and on one that breaks it.
import { describe, expect, it } from 'vitest';
import { deadExports } from '../../../build/rules/exports.ts';
import { fileNames } from '../../../build/rules/file-names.ts';
import { pageLinks } from '../../../build/rules/page-links.ts';
import { promiseTitles } from '../../../build/rules/promise-titles.ts';
import { purity } from '../../../build/rules/purity.ts';
import { C_LINES_MAX, cSize, FILE_LINES_MAX, fileSizes, fileSizesBut } from '../../../build/rules/sizes.ts';
import type { Rule } from '../../../build/rules/tree.ts';
import { trustedFile } from '../../../build/rules/trusted-file.ts';
import { version } from '../../../build/rules/version.ts';
import { treeOf } from './tree.ts';

type Files = Readonly<Record<string, string>>;

const breaches = (rule: Rule, files: Files): readonly string[] => rule(treeOf(files));
const lines = (count: number, line = 'x;'): string => `${line}\n`.repeat(count);

describe('a pure file', () => {
  it.each(['const now = Date.now();', 'sys.read(fd, 1);', 'Math.random();', 'process.exit(1);', 'console.log(1);'])(
    'may not have %s',
    (code) => expect(breaches(purity, { 'src/machine/a.ts': code })).toHaveLength(1),
  );

  it('may speak of the clock, and other rooms may have one', () => {
    const files = { 'src/formats/a.ts': '// as Date does\n', 'src/log/a.ts': 'Date.now();\n' };
    expect(breaches(purity, files)).toEqual([]);
  });
});

describe('a file of effects', () => {
  it('may not open a file by name, nor anything in supervise', () => {
    const files = {
      'src/effects/new.ts': "sys.open('x', 0);\n",
      'src/effects/scan/watch.ts': 'sys.unlink(`${dir}/supervise/lock`);\n',
    };
    expect(breaches(trustedFile, files)).toEqual([
      'src/effects/new.ts: opens a file otherwise than by trusted-file.ts',
      'src/effects/scan/watch.ts: opens a file otherwise than by trusted-file.ts',
    ]);
  });

  it('may open what is not in supervise where the list says so', () => {
    const files = {
      'src/effects/scan/watch.ts': "sys.open('x', 0);\n",
      'src/effects/trusted-file.ts': "sys.open('supervise/lock', 0);\n",
    };
    expect(breaches(trustedFile, files)).toEqual([]);
  });
});

describe('an export', () => {
  it('that nobody uses is dead', () => {
    expect(breaches(deadExports, { 'src/log/a.ts': 'export const a = 1;\nexport const b = a;\n' })).toEqual([
      'src/log/a.ts: nobody uses the export a',
      'src/log/a.ts: nobody uses the export b',
    ]);
  });

  it('lives by a user in test, or as a type of what its file exports', () => {
    const files = { 'src/log/a.ts': 'export interface A {}\nexport const a: A = {};\n', 'test/b.ts': 'a\n' };
    expect(breaches(deadExports, files)).toEqual([]);
  });
});

describe('a file', () => {
  const sized = fileSizesBut({ 'src/machine/table.ts': 'one table' });

  it('of src, or of C, may not be longer than the limit', () => {
    const files = {
      'src/machine/table.ts': lines(FILE_LINES_MAX + 1),
      'src/log/long.ts': lines(FILE_LINES_MAX + 1),
      'build/image/long.c': lines(FILE_LINES_MAX + 2),
      'src/log/just.ts': lines(FILE_LINES_MAX),
      'test/long.ts': lines(FILE_LINES_MAX + 1),
    };
    expect(breaches(sized, files)).toEqual([
      'src/log/long.ts: expected at most 300 lines, got 301',
      'build/image/long.c: expected at most 300 lines, got 302',
    ]);
  });

  it('that is short again may not stay among the exceptions', () => {
    const stale = 'build/rules/sizes.ts: src/machine/table.ts is no longer above the limit, remove the exception';
    expect(breaches(sized, { 'src/machine/table.ts': lines(1) })).toEqual([stale]);
    expect(breaches(sized, {})).toEqual([stale]);
    expect(breaches(fileSizes, {})).not.toEqual([]);
  });
});

describe('C', () => {
  it('counts wherever it lies, the image included, without comments and empty lines', () => {
    const files = {
      'src/host/c/a.c': lines(C_LINES_MAX - 10),
      'src/host/quickjs/image/b.h': lines(5),
      'build/image/c.c': `/* one\n two */\n\n${lines(5)}`,
      'test/d.c': lines(100),
    };
    expect(breaches(cSize, files)).toEqual([]);
    expect(breaches(cSize, { ...files, 'src/host/node/e.c': 'x;\n' })).toEqual([
      `src, build/image: expected at most ${C_LINES_MAX} lines of C without comments, got ${C_LINES_MAX + 1}`,
    ]);
  });
});

describe('a name of a file', () => {
  const files = { 'src/log/a.ts': '', 'src/log/b.ts': '', 'src/cli/b.ts': '', 'docs/x.md': '' };

  it.each([
    ['src/log/c.ts', '// Read next: gone.ts.\n', 'gone.ts'],
    ['src/log/c.ts', '/** See ../cli/gone.ts */\n', '../cli/gone.ts'],
    ['src/host/c.c', '/* b.ts */\n', 'b.ts'],
    ['docs/page.md', 'text\n`log/gone.ts`\n', 'log/gone.ts'],
    ['build/x.sh', '# see src/gone\n', 'src/gone'],
    ['README.md', '[x](docs/gone.md)\n', 'docs/gone.md'],
  ])('in %s must be that of one file: %j', (path, text, name) => {
    const line = text.startsWith('text') ? 2 : 1;
    expect(breaches(fileNames, { ...files, [path]: text })).toEqual([
      `${path}:${line}: names '${name}', expected a file that exists, once`,
    ]);
  });

  it.each([
    ['src/log/c.ts', '// Read next: b.ts, ../cli/b.ts, log/a.ts, src/log, ../../docs/x.md.\n'],
    ['src/log/c.ts', "const name = 'gone.ts';\n"],
    ['README.md', '[x](docs/x.md), `docs/*.md`, https://example.org/docs/y.md, `src/log/`\n'],
    ['CHANGELOG.md', 'gone.ts\n'],
  ])('in %s may be near, an end, a folder, or none at all: %j', (path, text) => {
    expect(breaches(fileNames, { ...files, [path]: text })).toEqual([]);
  });
});

describe('a link of a page', () => {
  const files = { 'docs/x.md': '# One: two\n## `three`\n', 'docs/man/x.8': '' };

  it.each(['x.md', '../docs/x.md#one-two', 'man', 'man/', 'man/x.8', 'x.md#three', 'https://example.org/#y', '#here'])(
    'may be %s',
    (link) => expect(breaches(pageLinks, { ...files, 'docs/y.md': `# Here\n[a](${link})\n` })).toEqual([]),
  );

  it.each(['y.md', 'docs/x.md', 'x.md#two', '#there'])('may not be %s', (link) =>
    expect(breaches(pageLinks, { ...files, 'docs/z.md': `# Here\n\n[a](${link})\n` })).toEqual([
      `docs/z.md:3: expected a link to a file and a heading that exist, got '${link}'`,
    ]),
  );

  it('is none in a block', () => {
    expect(breaches(pageLinks, { 'a.md': '```sh debian\necho "[a](b)"\n```\n' })).toEqual([]);
  });
});

describe('a title in a page of promises', () => {
  const files = { 'test/x.ts': "title: 'runsv doesn\\'t stop, whatever NAME is', other: `${call} refused`\n" };
  const held = (title: string): readonly string[] =>
    breaches(promiseTitles, { ...files, 'docs/promises.md': `| a *starred* |\n| b | *${title}* |\n` }).slice(1);

  it.each(["runsv doesn't stop, whatever NAME is", 'runsv ... whatever ...', '... refused'])('may be %s', (title) =>
    expect(held(title)).toEqual([]),
  );

  it('is that of a test', () => {
    expect(held('runsv stops')).toEqual(["docs/promises.md:2: expected the title of a test, got 'runsv stops'"]);
  });

  it('is not looked for in other pages', () => {
    expect(breaches(promiseTitles, { ...files, 'docs/x.md': '*starred*\n' })).toEqual([]);
  });
});

describe('the version', () => {
  const copies = { Dockerfile: 'FROM x\nARG VERSION=1.2.3\n', 'package-lock.json': '{\n  "version": "1.2.3"\n}\n' };

  it('is the same everywhere', () => {
    expect(breaches(version, { ...copies, 'package.json': '{"version":"1.2.3"}' })).toEqual([]);
    expect(breaches(version, { ...copies, 'package.json': '{"version":"1.2.4"}' })).toEqual([
      'Dockerfile: expected version 1.2.4, as in package.json, got 1.2.3',
      'package-lock.json: expected version 1.2.4, as in package.json, got 1.2.3',
    ]);
  });
});
