// Completion in real shells at a pseudo-terminal: keys go in, and the words that the shell makes of the line come out.
//
// A function in place of each program prints its arguments, so that quoting counts too. Read next: ../../src/cli/completion.ts.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { until } from '../lib/wait.ts';
import type { Case } from './cases.ts';
import type { Tree } from './tree.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

/** What is typed, and the words that the program gets. ⇥ is the key. */
const LINES: readonly (readonly [string, readonly string[]])[] = [
  ['sv res⇥', ['restart']],
  ['sv status we⇥', ['status', 'web']],
  ['sv wait re⇥', ['wait', 'ready']],
  ['sv wait ready we⇥', ['wait', 'ready', 'web']],
  ['sv wait --a⇥', ['wait', '--any']],
  ['sv -w 5 stat⇥', ['-w', '5', 'status']],
  ['sv list --js⇥', ['list', '--json']],
  ['sv up shop@⇥', ['up', 'shop@1']],
  ['sv alarm web/l⇥', ['alarm', 'web/log']],
  ['sv up odd⇥', ['up', "odd name's"]],
  ['sv up odd\\ n⇥', ['up', "odd name's"]],
  ['sv up we⇥ d⇥', ['up', 'web', 'db']],
  ['sv link new-⇥', ['link', 'new-one']],
  ['sv scale sho⇥', ['scale', 'shop@']],
  ['sv new --rea⇥', ['new', '--ready']],
  ['sv new --ready fd --like sho⇥', ['new', '--ready', 'fd', '--like', 'shop@']],
  ['sv help moni⇥', ['help', 'monitor']],
  ['sv help --⇥', ['help', '--']],
  ['chpst -u nobod⇥', ['-u', 'nobody']],
  ['svc -d we⇥', ['-d', 'web']],
];

const PROGRAMS = ['sv', 'svc', 'chpst'];

/** Where runitbox(8) says that the script belongs, below the home directory. */
const PLACES: Readonly<Record<Shell, readonly string[]>> = {
  bash: ['script'],
  zsh: ['functions/_runitbox'],
  fish: PROGRAMS.map((name) => `.config/fish/completions/${name}.fish`),
};

const RC: Readonly<Record<Shell, string>> = {
  bash:
    `PS1='> '\n. ~/script\n` +
    PROGRAMS.map((name) => `${name}() { printf '<%s>' "$@"; echo '<end>'; }\n`).join('') +
    'echo ready\n',
  zsh:
    `PS1='> '\nunsetopt beep\nfpath=(~/functions $fpath)\nautoload -Uz compinit\ncompinit -D -u\n` +
    PROGRAMS.map((name) => `${name}() { printf '<%s>' "$@"; echo '<end>'; }\n`).join('') +
    'echo ready\n',
  fish:
    `set -g fish_greeting\nset -g fish_autosuggestion_enabled 0\nfunction fish_prompt; echo '> '; end\n` +
    PROGRAMS.map((name) => `function ${name}; printf '<%s>' $argv; echo '<end>'; end\n`).join('') +
    'echo ready\n',
};

const COMMAND: Readonly<Record<Shell, (dir: string) => string>> = {
  bash: (dir) => `bash --noprofile --rcfile ${dir}/rc -i`,
  zsh: (dir) => `env ZDOTDIR=${dir} zsh -d -i`,
  fish: (dir) => `fish -i -C 'source ${dir}/rc'`,
};

/** What an interactive shell prints, given these keys; each line waits for the end of the one before. */
const typeInto = async (tree: Tree, shell: Shell, lines: readonly string[]): Promise<string> => {
  const command = COMMAND[shell](tree.dir);
  const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    cwd: tree.dir,
    env: { ...process.env, ...tree.env, SVSRC: join(tree.dir, 'sv'), TERM: 'dumb', HOME: tree.dir, LC_ALL: 'C.UTF-8' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (bytes: Buffer) => {
    text += bytes.toString();
  });
  const ends = (): number => text.split('<end>').length - 1;
  try {
    await until(`${shell} to be ready`, async () => /ready\r?\n[\s\S]*> /.test(text));
    for (const [at, line] of lines.entries()) {
      child.stdin.write(line);
      child.stdin.write('\r');
      await until(`${shell} to have run '${line}' in ${JSON.stringify(text.slice(-300))}`, async () => ends() > at);
    }
  } finally {
    child.kill('SIGKILL');
  }
  return text;
};

/** The words of each call. */
const callsIn = (text: string): readonly string[][] =>
  [...text.matchAll(/((?:<[^<>]*>)+)<end>/g)].map(([, words = '']) =>
    [...words.matchAll(/<([^<>]*)>/g)].map(([, word = '']) => word),
  );

const completes = (shell: Shell): Case => ({
  title: `${shell} completes verbs, options, services and states at a terminal`,
  needs: [shell, 'script'],
  async attempt(tree) {
    for (const name of ['web', 'db', 'shop@1', "odd name's"]) tree.file(`${name}/run`, '#!/bin/sh\n');
    tree.file('web/log/run', '#!/bin/sh\n');
    tree.file('wrong', '');
    for (const name of ['new-one', 'shop@']) mkdirSync(join(tree.dir, 'sv', name), { recursive: true });
    const script = await tree.succeeds(`runitbox --completion ${shell}`);
    for (const path of PLACES[shell]) {
      mkdirSync(join(tree.dir, dirname(path)), { recursive: true });
      writeFileSync(join(tree.dir, path), script);
    }
    writeFileSync(join(tree.dir, shell === 'zsh' ? '.zshrc' : 'rc'), RC[shell]);
    const text = await typeInto(
      tree,
      shell,
      LINES.map(([line]) => line.replaceAll('⇥', '\t')),
    );
    assert.deepEqual(
      callsIn(text).map((words) => words.filter((word) => word !== '')),
      LINES.map(([, words]) => words),
    );
  },
});

export const COMPLETION: readonly Case[] = SHELLS.map(completes);
