// The workflow files of a public code host: they run nothing that could change under the same name, and only what the Makefile has.
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const DIR = '.github/workflows';
const FILES = readdirSync(DIR).map((name) => [name, readFileSync(`${DIR}/${name}`, 'utf8')] as const);
const MAKEFILES = ['Makefile', 'build/checks.mk', 'build/install.mk', 'build/node.mk']
  .map((path) => readFileSync(path, 'utf8'))
  .join('\n');

describe.each(FILES)('%s', (_, text) => {
  it('names each action by its commit, with the version beside it', () => {
    const actions = [...text.matchAll(/uses: (.*)/g)].map(([, action = '']) => action);
    expect(actions.length).toBeGreaterThan(0);
    for (const action of actions) expect(action).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  it('names each image by its digest', () => {
    for (const [, image] of text.matchAll(/(?:container|image): (\S+)/g))
      expect(image).toMatch(/^[\w./-]+:\w+@sha256:[0-9a-f]{64}$/);
  });

  it('may read and no more, where a job says nothing else', () => {
    expect(text).toMatch(/^permissions:\n {2}contents: read$/m);
    expect(text).not.toMatch(/write-all|pull_request_target/);
  });

  it('puts nothing that others choose into a command', () => {
    for (const [, command] of text.matchAll(/run: (.*)/g)) expect(command).not.toContain('${{');
  });

  it('has no command that YAML takes for something else', () => {
    for (const [, command] of text.matchAll(/run: (?!\|)(.*)/g)) expect(command).not.toMatch(/^[&*!|>%@`'"{[]|: | #/);
  });

  it('makes what the Makefile has', () => {
    for (const [, target] of text.matchAll(/run: make (\S+)/g))
      expect(MAKEFILES).toMatch(new RegExp(`^## ${target}:`, 'm'));
  });
});

describe('the processors that are built for', () => {
  it('are the same in cross.sh, in the Makefile and in the suite', async () => {
    const { PROCESSORS } = await import('../../arch/processors.ts');
    const names = PROCESSORS.map(({ name }) => name);
    const script = readFileSync('build/cross.sh', 'utf8');
    expect([...script.matchAll(/^(\w+)\) debian=/gm)].map(([, name]) => name)).toEqual(names);
    expect(/^ARCHES := (.*)$/m.exec(MAKEFILES)?.[1]?.split(' ')).toEqual(names);
  });
});
