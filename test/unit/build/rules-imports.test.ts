// The rules on imports, and the graph that they are made of.
import { describe, expect, it } from 'vitest';
import { arrowsBetween, cyclesIn, roomOf, subjectOf } from '../../../build/rules/graph.ts';
import { importsIn, importsOf } from '../../../build/rules/imports.ts';
import { picture, shortArrows } from '../../../build/rules/picture.ts';
import { importCycles, packageImports, roomImports, subjectImports } from '../../../build/rules/room-imports.ts';
import { treeOf } from './tree.ts';

describe('imports', () => {
  it.each([
    ["import { a } from './a.ts';", './a.ts', false],
    ["import {\n  a,\n  type B,\n} from './a.ts';", './a.ts', false],
    ["import * as a from './a.ts';", './a.ts', false],
    ["import a, { b } from './a.ts';", './a.ts', false],
    ["import './a.ts';", './a.ts', false],
    ["export { a } from './a.ts';", './a.ts', false],
    ["export * from './a.ts';", './a.ts', false],
    ["const a = await import('./a.ts');", './a.ts', false],
    ["import type { A } from './a.ts';", './a.ts', true],
    ["import { type A, type B } from './a.ts';", './a.ts', true],
    ["export type { A } from './a.ts';", './a.ts', true],
    ["let a: import('./a.ts').A;", './a.ts', true],
    ["let a: typeof import('./a.ts');", './a.ts', true],
  ])('are seen in %j', (text, target, isType) => {
    expect(importsOf('src/log/b.ts', text)).toEqual([
      { from: 'src/log/b.ts', line: 1, to: target.replace('.', 'src/log'), isPackage: false, isType },
    ]);
  });

  it('are not seen in comments, nor where something built is imported', () => {
    expect(importsOf('src/a.ts', "// import './a.ts'\n/* import './a.ts' */\n")).toEqual([]);
    expect(importsIn(treeOf({ 'src/a.ts': "import '../out/a.ts';\n" }))).toEqual([]);
  });

  it('have the line where they begin', () => {
    expect(importsOf('src/a.ts', "// http://x\n\nimport './a.ts';\n")[0]?.line).toBe(3);
  });
});

describe('rooms and subjects', () => {
  it.each([
    ['src/main.ts', 'main', 'main'],
    ['src/log/a.ts', 'log', 'log'],
    ['src/effects/scan/a.ts', 'effects', 'effects/scan'],
    ['src/host/quickjs/image/a.ts', 'host', 'host/quickjs'],
  ])('of %s are %s and %s', (path, room, subject) => {
    expect([roomOf(path), subjectOf(path)]).toEqual([room, subject]);
  });
});

describe('an import between rooms', () => {
  it('may not go up, not even for a type', () => {
    const files = {
      'src/formats/a.ts': "import type { X } from '../machine/x.ts';\n",
      'src/host/a.ts': "import { x } from '../abi/x.ts';\nimport { y } from '../effects/y.ts';\n",
      'src/new/a.ts': "import '../abi/x.ts';\n",
    };
    expect(roomImports(treeOf(files))).toEqual([
      'src/formats/a.ts:1: formats may not import src/machine/x.ts',
      'src/host/a.ts:2: host may not import src/effects/y.ts',
      'src/new/a.ts:1: new may not import src/abi/x.ts',
    ]);
  });

  it('may not go up between the subjects of a room', () => {
    const up = "import { x } from '../scan/x.ts';\n";
    const files = { 'src/effects/scan/x.ts': '', 'src/effects/exec/a.ts': up, 'src/machine/init/a.ts': up };
    expect(subjectImports(treeOf(files))).toEqual([
      'src/effects/exec/a.ts:1: effects/exec may not import src/effects/scan/x.ts',
      'src/machine/init/a.ts:1: machine/init may not import src/machine/scan/x.ts',
    ]);
  });
});

describe('a package', () => {
  it('of Node.js may be imported where Node.js is, another by one file', () => {
    const node = "import { x } from 'node:fs';\n";
    const minimist = "import minimist from 'minimist';\n";
    const good = {
      'src/node.ts': node,
      'src/api/index.ts': node,
      'src/host/node/a.ts': node,
      'src/cli/options.ts': minimist,
      'test/a.ts': node,
    };
    expect(packageImports(treeOf(good))).toEqual([]);
    for (const room of ['machine', 'formats', 'abi', 'client', 'effects', 'log', 'cli', 'applets', 'host']) {
      expect(
        packageImports(treeOf({ [`src/${room}/a.ts`]: `${node}import type { y } from 'node:os';\n` })),
      ).toHaveLength(2);
    }
    expect(packageImports(treeOf({ 'src/log/a.ts': minimist, 'src/cli/options.ts': "import 'fs';\n" }))).toEqual([
      'src/log/a.ts:1: may not import minimist, see build/rules/rooms.ts',
      'src/cli/options.ts:1: may not import fs, see build/rules/rooms.ts',
    ]);
  });
});

describe('a cycle', () => {
  const files = {
    'src/log/a.ts': "import { b } from './b.ts';\n",
    'src/log/b.ts': "import type { C } from './c.ts';\n",
    'src/log/c.ts': "import { d } from './d.ts';\n",
  };

  it('of files is refused, types included', () => {
    expect(importCycles(treeOf({ ...files, 'src/log/d.ts': '' }))).toEqual([]);
    expect(importCycles(treeOf({ ...files, 'src/log/d.ts': "import { a } from './a.ts';\n" }))).toEqual([
      'src/log/a.ts: expected no cycle of imports, got src/log/a.ts, src/log/b.ts, src/log/c.ts, src/log/d.ts',
    ]);
  });

  it('is found once, without what only leads to it or from it', () => {
    const arrows = new Map(
      Object.entries({ in: 'a', a: 'b', b: 'c', c: 'a', x: 'y', y: 'x' }).map(([from, to]) => [
        from,
        new Map([[to, 1]]),
      ]),
    );
    arrows.get('b')?.set('out', 1);
    expect(cyclesIn(arrows)).toEqual([
      ['a', 'b', 'c'],
      ['x', 'y'],
    ]);
  });
});

describe('the picture of the rooms', () => {
  const src = {
    'src/main.ts': "import { a } from './applets/a.ts';\nimport { b } from './log/b.ts';\n",
    'src/applets/a.ts': "import { b } from '../log/b.ts';\n",
  };
  const page = (arrow: string, row: string): string =>
    `\`\`\`mermaid\nflowchart TD\n  ${arrow}\n  applets --> log\n\`\`\`\n| \`src/main.ts\` | x | ${row} |\n| \`src/applets/\` | y | log |\n`;

  it('has an arrow where no longer way leads, the table all', () => {
    expect(shortArrows(arrowsBetween(importsIn(treeOf(src)), roomOf))).toEqual(['main --> applets', 'applets --> log']);
    expect(picture(treeOf({ ...src, 'docs/architecture.md': page('main --> applets', 'applets, log') }))).toEqual([]);
  });

  it('is not compared where rooms form a cycle, which another rule refuses', () => {
    const cycle = treeOf({ ...src, 'src/log/b.ts': "import { a } from '../applets/a.ts';\n" });
    expect(picture(cycle)).toEqual([]);
    expect(roomImports(cycle)).toContain('src/log/b.ts:1: log may not import src/applets/a.ts');
    expect(shortArrows(arrowsBetween(importsIn(cycle), roomOf))).toEqual(['applets --> log', 'log --> applets']);
  });

  it('may lack none, and have none besides', () => {
    expect(picture(treeOf({ ...src, 'docs/architecture.md': page('main --> abi & log', 'log') }))).toEqual([
      "docs/architecture.md: the picture of the rooms lacks 'main --> applets'",
      "docs/architecture.md: the picture of the rooms has 'main --> abi', src has not",
      "docs/architecture.md: the picture of the rooms has 'main --> log', src has not",
      "docs/architecture.md: the table of the rooms lacks 'main --> applets'",
    ]);
  });
});
