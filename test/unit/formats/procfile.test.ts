import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { decodeProcfile } from '../../../src/formats/procfile.ts';
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

describe('a word for a shell', () => {
  it.each(['plain', '/a/b-c.d', '', 'two words', "it's", '$HOME `x` "y" \\', 'a\nb', '*'])(
    'is one word: %j',
    (word) => {
      expect(execFileSync('/bin/sh', ['-c', `printf %s ${shellWord(word)}`], { encoding: 'utf8' })).toBe(word);
    },
  );
});
