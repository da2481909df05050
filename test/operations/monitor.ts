// `sv monitor` on a terminal that tmux keeps: keys typed into it, and what is to be seen then.
//
// Read next: cases.ts, tree.ts; ../unit/client/monitor has the model without a terminal.
import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../lib/wait.ts';
import type { Case } from './cases.ts';
import type { Make, Tree } from './tree.ts';

interface Terminal {
  /** What is to be seen, a line each; with its attributes where asked for. */
  readonly look: (withAttributes?: boolean) => Promise<readonly string[]>;
  /** Keys by tmux's names. */
  readonly press: (...keys: readonly string[]) => Promise<void>;
  /** Until a line is to be seen that matches. */
  readonly sees: (line: RegExp) => Promise<string>;
  readonly resize: (columns: number, rows: number) => Promise<void>;
  /** The number of the process that the shell runs. */
  readonly foreground: () => Promise<number>;
}

let terminals = 0;

/** A shell on a terminal of its own. It ends with the tree. */
const terminalOf = async (tree: Tree, columns: number, rows: number): Promise<Terminal> => {
  const socket = join(tree.dir, `tmux-${++terminals}`);
  const tmux = async (...words: readonly string[]): Promise<string> => {
    const { code, text } = await tree.shell('exec tmux -u -f /dev/null -S "$@"', [socket, ...words]);
    assert.equal(code, 0, `tmux ${words.join(' ')}: ${text}`);
    return text;
  };
  const size = ['-x', String(columns), '-y', String(rows)];
  await tmux('new-session', '-d', ...size, "env PS1='$ ' bash --norc --noprofile");
  const look = async (withAttributes = false): Promise<readonly string[]> =>
    (await tmux('capture-pane', '-p', ...(withAttributes ? ['-e'] : []))).split('\n').slice(0, -1);
  const terminal: Terminal = {
    look,
    press: async (...keys) => void (await tmux('send-keys', ...keys)),
    sees: async (line) => {
      let last: readonly string[] = [];
      return until(
        () => `${line} in\n${last.join('\n')}`,
        async () => {
          last = await look();
          return last.find((one) => line.test(one));
        },
      );
    },
    resize: async (wide, high) => void (await tmux('resize-window', '-x', String(wide), '-y', String(high))),
    foreground: async () => {
      const shell = (await tmux('display-message', '-p', '#{pane_pid}')).trim();
      const { text } = await tree.shell('cat "/proc/$1/task/$1/children"', [shell]);
      return Number(text.trim());
    },
  };
  await terminal.sees(/^\$/);
  return terminal;
};

const TITLE = /service\b.* sort: name/;

const begin = async (tree: Tree, columns = 100, rows = 30, before = ''): Promise<Terminal> => {
  const terminal = await terminalOf(tree, columns, rows);
  await terminal.press(`echo before; ${before}sv monitor`, 'Enter');
  await terminal.sees(TITLE);
  return terminal;
};

/** web with a log, db, and idle, which is down. */
const usual = async (tree: Tree, make: Make = 'ours'): Promise<void> => {
  tree.service('web', 'echo first; echo second; exec sleep 1000');
  tree.file('web/log/run', '#!/bin/sh\nmkdir -p main\nexec svlogd -tt main\n');
  tree.service('db', 'sleep 1000 & exec sleep 1000');
  tree.service('idle', 'exec sleep 1000');
  tree.file('idle/down', '');
  tree.start(make);
  for (const name of ['web', 'db']) await tree.is(name, 'running');
  await tree.is('idle', 'down');
};

const needs = ['tmux'];

export const MONITOR_CASES: readonly Case[] = [
  ...(['ours', 'c'] as const).map(
    (make): Case => ({
      title: `monitor shows every service, its use of the machine, and the log of the selected one (${make === 'c' ? "C's runsv" : 'our runsv'})`,
      needs,
      async attempt(tree) {
        await usual(tree, make);
        const terminal = await begin(tree);
        await terminal.sees(/^ {2}SERVICE +STATE +PID +FOR +CPU% +MEM +PROCS +STARTS +LAST END$/);
        await terminal.sees(/^> db +running +\d+ +\d+s +\d+\.\d +[\d.]+[KM] +2 /);
        await terminal.sees(/^ {2}idle +down /);
        await terminal.press('G');
        await terminal.sees(/^> web +running/);
        await terminal.sees(/^-- .*web\/log\/main\/current --$/);
        await terminal.sees(/ second$/);
      },
    }),
  ),
  {
    title: 'monitor sends what sv sends: down, up, restart, and kill only after y',
    needs,
    async attempt(tree) {
      await usual(tree);
      const terminal = await begin(tree);
      await terminal.press('d');
      await tree.is('db', 'down');
      await terminal.sees(/^> db +down /);
      await terminal.press('u');
      await terminal.sees(/^> db +running +\d/);
      const pid = async (): Promise<string> =>
        /^> db +running +(\d+)/.exec(await terminal.sees(/^> db +running/))?.[1] ?? '';
      const first = await pid();
      await terminal.press('K', 'n');
      await terminal.sees(/^nothing was sent$/);
      assert.equal(await pid(), first);
      await terminal.press('K');
      await terminal.sees(/^send KILL to db\? y\/n$/);
      await terminal.press('y');
      await until('a new process', async () => (await pid()) !== first);
      const second = await pid();
      await terminal.press('r');
      await until('another one', async () => (await pid()) !== second);
    },
  },
  {
    title: 'monitor filters, sorts, explains, shows a log, and lists its keys',
    needs,
    async attempt(tree) {
      await usual(tree);
      const terminal = await begin(tree);
      await terminal.press('/', 'w', 'e', 'Enter');
      await terminal.sees(/filter: we \(1\)$/);
      const table = (await terminal.look()).filter((line) => /^[> ] (db|idle|web) /.test(line));
      assert.equal(table.length, 1, table.join('\n'));
      await terminal.press('w');
      await terminal.sees(/^web: running for /);
      await terminal.press('Escape');
      await terminal.sees(TITLE);
      await terminal.press('Enter');
      await terminal.sees(/^log: web .*current$/);
      await terminal.press('q', 'Escape', '?');
      await terminal.sees(/^K +kill it \(asks\)$/);
      await terminal.press('q', 's');
      await terminal.sees(/sort: state$/);
    },
  },
  {
    title: 'monitor follows the size of the terminal, down to a few columns, and wide names keep the columns',
    needs,
    async attempt(tree) {
      tree.service('web', 'exec sleep 1000');
      tree.service('\u65e5\u672c\u8a9e', 'exec sleep 1000');
      tree.service('e\u0301te\u0301', 'exec sleep 1000');
      tree.start('ours');
      await tree.is('web', 'running');
      const terminal = await begin(tree);
      await terminal.sees(/^ {2}\u65e5\u672c\u8a9e +running/);
      const rows = (await terminal.look()).filter((line) => / running +\d/.test(line));
      // a wide character takes two columns, a mark none
      const columnsOf = (text: string): number =>
        text.replace(/\u0301/g, '').replace(/[\u65e5\u672c\u8a9e]/g, 'xx').length;
      const places = rows.map((line) => columnsOf(line.slice(0, line.indexOf('running'))));
      assert.deepEqual([places.length, new Set(places).size], [3, 1], rows.join('\n'));
      await terminal.resize(44, 12);
      await terminal.sees(/^ {2}SERVICE +STATE +PID +FOR +CPU%/);
      await until('the lines to fit', async () => (await terminal.look()).every((line) => columnsOf(line) <= 44));
      await terminal.resize(20, 5);
      await terminal.sees(/^ {2}SERVICE +STATE$/);
      await terminal.resize(120, 40);
      await terminal.sees(/LAST END$/);
    },
  },
  {
    title: 'monitor scrolls through 200 services, and takes up one that comes and drops one that goes',
    needs,
    async attempt(tree) {
      const sleeper = join(tree.dir, 'sleeper');
      mkdirSync(sleeper);
      for (let at = 0; at < 200; at++) {
        tree.service(`s${String(at).padStart(3, '0')}`, 'exec sleep 1000');
        tree.file(`s${String(at).padStart(3, '0')}/down`, '');
      }
      tree.start('ours');
      const terminal = await begin(tree);
      await terminal.sees(/200 services/);
      await terminal.press('G');
      await terminal.sees(/^> s199 +/);
      await terminal.press('PPage', 'Home', 'NPage');
      await terminal.sees(/^> s0[0-9]{2} /);
      tree.service('t', 'exec sleep 1000');
      await terminal.sees(/201 services/);
      await terminal.press('G');
      await terminal.sees(/^> t +running/);
      await tree.shell('rm -r service/t');
      await terminal.sees(/200 services/);
      symlinkSync(sleeper, join(tree.scan, 'z\x1b[31m'));
      await terminal.sees(/201 services/);
      await terminal.press('G');
      await terminal.sees(/^> z\?\[31m +\w/);
    },
  },
  {
    title: 'monitor has colours, but with NO_COLOR only the selection is marked',
    needs,
    async attempt(tree) {
      await usual(tree);
      const green = (lines: readonly string[]): boolean => lines.some((line) => line.includes('\x1b[32mrunning'));
      const colourful = await begin(tree);
      await colourful.sees(/^> db +running/);
      assert.ok(green(await colourful.look(true)));
      const plain = await begin(tree, 100, 30, 'NO_COLOR=1 ');
      await plain.sees(/^> db +running/);
      const lines = await plain.look(true);
      assert.ok(!lines.some((line) => /\x1b\[[0-9;]*3[0-7]m/.test(line)), JSON.stringify(lines));
      assert.ok(lines.some((line) => line.includes('\x1b[7m')));
    },
  },
  ...['q', 'INT', 'TERM', 'HUP', 'QUIT'].map(
    (way): Case => ({
      title: `monitor leaves the terminal as it was: ${way}`,
      needs,
      async attempt(tree) {
        await usual(tree);
        const terminal = await terminalOf(tree, 80, 24);
        await terminal.press('stty -a >settings; echo before', 'Enter');
        await terminal.sees(/^before$/);
        const screen = await terminal.look();
        await terminal.press('clear; echo before; sv monitor; echo exit $?', 'Enter');
        await terminal.sees(TITLE);
        assert.ok(!(await terminal.look()).includes('before'), 'another screen');
        if (way === 'q') await terminal.press('q');
        else process.kill(await terminal.foreground(), `SIG${way}`);
        await terminal.sees(/^exit 0$/);
        const after = await terminal.look();
        assert.equal(after[0], 'before', screen.join('\n'));
        await terminal.press('stty -a | cmp - settings && echo the same', 'Enter');
        await terminal.sees(/^the same$/);
      },
    }),
  ),
  {
    title: 'monitor stops and goes on as the shell wants it',
    needs,
    async attempt(tree) {
      await usual(tree);
      const terminal = await begin(tree);
      await terminal.press('C-z');
      await terminal.sees(/Stopped/);
      await terminal.press('stty -a | grep -o " echo " ; fg', 'Enter');
      await terminal.sees(TITLE);
      await terminal.press('C-c');
      await terminal.sees(/^\$ stty|^\$ $|^\$/);
    },
  },
  {
    title: 'monitor prints the table once where there is no terminal',
    async attempt(tree) {
      await usual(tree);
      const { code, text } = await tree.sv('monitor', 'w*');
      assert.equal(code, 0);
      assert.match(text, /^SERVICE +STATE +PID +FOR +STARTS +LAST END\nweb +running .*\n$/);
      assert.ok(!text.includes('\x1b'));
    },
  },
];
