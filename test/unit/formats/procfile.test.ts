import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { decodeProcfile, replacingShell } from '../../../src/formats/procfile.ts';
import { shellWord } from '../../../src/formats/shell-words.ts';

describe('a Procfile', () => {
  it('has a name and a command a line', () => {
    const text =
      '# all of it\nweb: bundle exec rackup -p $PORT\r\nworker:   ./work --name=a:b  \n\nnot a line\nbad name: x\nempty:\n';
    expect(decodeProcfile(text)).toEqual([
      { name: 'web', command: 'bundle exec rackup -p $PORT' },
      { name: 'worker', command: './work --name=a:b' },
    ]);
  });
});

describe('a command of a Procfile for a shell', () => {
  it('replaces the shell where it is one alone', () => {
    for (const command of ['bundle exec rackup -p ${PORT}', 'a $(b) 2>&1', 'a "{b}"']) {
      expect(replacingShell(command)).toBe(`exec ${command}`);
    }
    expect(replacingShell('A=1 B=$PORT a')).toBe('exec env A=1 B=$PORT a');
  });

  it('is left alone where it is more than that', () => {
    for (const command of [
      'cd a && ./b',
      'a; b',
      'a | b',
      'exec a',
      'a &',
      '{ a; }',
      '(a)',
      '! a',
      'if a; then b; fi',
    ]) {
      expect(replacingShell(command)).toBe(command);
    }
  });
});

describe('a word for a shell', () => {
  it.each(['plain', '/a/b-c.d', '', 'two words', "it's", '$HOME `x` "y" \\', 'a\nb', '*'])(
    'is one word: %j',
    (word) => {
      expect(execFileSync('/bin/sh', ['-c', `printf %s ${shellWord(word)}`], { encoding: 'utf8' })).toBe(word);
    },
  );
});
