// The completion script, run by a real bash.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commands } from '../../../src/applets/sv/commands.ts';
import { tools } from '../../../src/applets/sv/tools.ts';
import { sv } from '../../../src/applets/sv.ts';
import '../../../src/whole.ts';
import { completionScript } from '../../../src/cli/completion.ts';

let dir = '';

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'runitbox-completion-'));
  for (const name of ['web', 'worker', 'db']) mkdirSync(join(dir, name));
  writeFileSync(join(dir, 'wrong'), '');
});

afterAll(() => rmSync(dir, { recursive: true }));

/** What bash offers for the last of these words. */
const offered = (...words: readonly string[]): readonly string[] => {
  const list = words.map((word) => `'${word}'`).join(' ');
  const script = `${completionScript([sv])}COMP_WORDS=(${list}); COMP_CWORD=${words.length - 1}; _runitbox_sv
    ((\${#COMPREPLY[@]})) && printf '%s\\n' "\${COMPREPLY[@]}"; exit 0`;
  const said = execFileSync('bash', ['--norc', '-c', script], {
    encoding: 'utf8',
    env: { SVDIR: dir },
    cwd: dir,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return said.split('\n').filter((word) => word !== '');
};

describe('bash completes', () => {
  it('commands', () => {
    expect(offered('sv', '')).toEqual([...new Set([...commands, ...tools].map(({ name }) => name))]);
    expect(offered('sv', 'force-s')).toEqual(['force-stop', 'force-shutdown']);
    expect(offered('sv', '-v', 'rel')).toEqual(['reload']);
  });

  it('options', () => {
    expect(offered('sv', '-')).toEqual(['-v', '-w', '-V', '--help']);
  });

  it('nothing where an option wants its value', () => {
    expect(offered('sv', '-w', '')).toEqual([]);
    expect(offered('sv', '-vw', '')).toEqual([]);
  });

  it('a command after an option and its value', () => {
    expect(offered('sv', '-w', '5', 'stat')).toEqual(['status']);
    expect(offered('sv', '-w5', 'stat')).toEqual(['status']);
  });

  it('services after the command', () => {
    expect([...offered('sv', 'up', 'w')].sort()).toEqual(['web', 'worker']);
    expect(offered('sv', '-w', '5', 'up', 'web', 'd')).toEqual(['db']);
  });

  it('paths after the command', () => {
    expect(offered('sv', 'up', './d')).toEqual(['./db']);
  });
});
