// The completion scripts: for bash run by a real bash, the others as far as the tables go. Real terminals are in test/operations.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commands } from '../../../src/applets/sv/commands.ts';
import { tools } from '../../../src/applets/sv/tools.ts';
import { completionScript } from '../../../src/cli/completion.ts';
import { SHELLS } from '../../../src/cli/completion-call.ts';
import { applets } from '../../../src/whole.ts';

let dir = '';
let script = '';

beforeAll(() => {
  script = completionScript(applets, 'bash');
  dir = mkdtempSync(join(tmpdir(), 'runitbox-completion-'));
  for (const name of ['web', 'worker', 'db', 'a b', "it's", 'shop@1', 'x:y']) mkdirSync(join(dir, name));
  mkdirSync(join(dir, 'web/log'));
  writeFileSync(join(dir, 'wrong'), '');
});

afterAll(() => rmSync(dir, { recursive: true }));

const BREAKS = /([@:=])/;

/** What bash offers for the end of this line, which it splits at @ : = as well. */
const offered = (line: string): readonly string[] => {
  const words = line
    .split(' ')
    .flatMap((word) => (word === '' ? [''] : word.split(BREAKS).filter((part) => part !== '')));
  const last = BREAKS.test(words.at(-1) ?? '') ? '' : (words.at(-1) ?? '');
  const list = words.map((word) => `'${word}'`).join(' ');
  const call = `COMP_LINE="$1"; COMP_POINT=\${#COMP_LINE}; COMP_WORDS=(${list}); COMP_CWORD=${words.length - 1}; _runitbox sv "$2"
    ((\${#COMPREPLY[@]})) && printf '%s\\n' "\${COMPREPLY[@]}"; exit 0`;
  const said = execFileSync('bash', ['--norc', '-c', script + call, 'bash', line, last], {
    encoding: 'utf8',
    env: { SVDIR: dir },
    cwd: dir,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return said.split('\n').filter((word) => word !== '');
};

const all = [...new Set([...commands, ...tools].map(({ name }) => name))];

describe('bash completes', () => {
  it('verbs', () => {
    expect([...offered('sv ')].sort()).toEqual([...all].sort());
    expect(offered('sv force-s')).toEqual(['force-stop', 'force-shutdown']);
    expect(offered('sv -v rel')).toEqual(['reload']);
    expect([...offered('sv help ')].sort()).toEqual([...all].sort());
  });

  it.each(tools)('the options of $name', ({ name, options }) => {
    const words = options.map(({ letter, long }) => (letter === undefined ? `--${long}` : `-${letter}`));
    expect(offered(`sv ${name} -`)).toEqual(words);
  });

  it('options', () => {
    expect(offered('sv -')).toEqual(['-v', '-w', '--dependents', '-V', '--help']);
    expect(offered('sv list web --')).toEqual(['--json', '--usage']);
    expect(offered('sv new x -- ls --')).toEqual([]);
  });

  it('nothing where an option wants its value', () => {
    expect(offered('sv -w ')).toEqual([]);
    expect(offered('sv -vw ')).toEqual([]);
    expect(offered('sv wait -w ')).toEqual([]);
  });

  it('a command after an option and its value', () => {
    expect(offered('sv -w 5 stat')).toEqual(['status']);
    expect(offered('sv -w5 stat')).toEqual(['status']);
  });

  it('states, then services', () => {
    expect(offered('sv wait ')).toEqual(['up', 'ready', 'down', 'done', 'failed', 'gone']);
    expect(offered('sv wait -w 5 gone d')).toEqual(['db']);
  });

  it('services after the command', () => {
    expect(offered('sv up w')).toEqual(['web', 'worker']);
    expect(offered('sv -w 5 up web d')).toEqual(['db']);
    expect(offered('sv u web/')).toEqual(['web/log']);
  });

  it('names as one word', () => {
    expect(offered('sv up a')).toEqual(['a\\ b']);
    expect(offered('sv up it')).toEqual(["it\\'s"]);
    expect(offered('sv up shop@')).toEqual(['1']);
    expect(offered('sv up x:')).toEqual(['y']);
  });

  it('paths after the command', () => expect(offered('sv up ./d')).toEqual(['./db']));
});

describe.each(SHELLS)('the script for %s', (shell) => {
  it('knows every program, verb and option', () => {
    const text = completionScript(applets, shell);
    for (const { name, help } of applets) {
      expect(text).toContain(`'${name} '`);
      for (const { letter, long } of help.options)
        expect(text).toContain(letter === undefined ? `--${long}` : `-${letter}`);
    }
    for (const name of all) expect(text).toContain(`'sv ${name}'`);
    expect(text.endsWith('\n')).toBe(true);
  });
});
