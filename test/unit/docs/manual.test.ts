// The examples of manual pages: found, and there for every verb.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { tools } from '../../../src/applets/sv/tools.ts';
import { examplesIn } from '../../docs/manual.ts';

describe('the examples of a page', () => {
  it('are the displayed lines below EXAMPLES, without roff', () => {
    const page = [
      '.Sh OPTIONS',
      '.Dl none',
      '.Sh EXAMPLES',
      'Text:',
      '.Pp',
      '.Dl echo \\(dqa\\(dq \\e\\-x',
      '.Sh SEE ALSO',
      '.Dl no',
    ];
    expect(examplesIn('x.8', page.join('\n'))).toEqual([
      { page: 'x.8', line: 6, language: 'sh', place: 'man', options: {}, text: 'echo "a" \\-x\n' },
    ]);
  });

  it('are displayed scripts too, and nothing else that is displayed', () => {
    const page = ['.Sh EXAMPLES', '.Bd -literal', '#!/bin/sh', 'echo \\-x', '.Ed', '.Bd -literal', 'echo no', '.Ed'];
    const [script, ...others] = examplesIn('x.8', page.join('\n'));
    expect(script).toMatchObject({ line: 2, place: 'man' });
    expect(script?.text).toContain('#!/bin/sh\necho -x\nEND_OF_SCRIPT\n');
    expect(others).toEqual([]);
  });

  it('are none where there is no such section', () => {
    expect(examplesIn('x.8', '.Sh NAME\n.Dl a\n')).toEqual([]);
  });
});

describe('the manual page of sv', () => {
  const examples = examplesIn('sv.8', readFileSync('docs/man/sv.8', 'utf8')).map(({ text }) => text);
  const has = (verb: string): boolean =>
    examples.some((line) => new RegExp(`^sv (-w \\d+ )?(--\\w+ )?${verb}\\b`).test(line));

  it.each(tools.map(({ name }) => name))('has an example of %s', (verb) => {
    expect(has(verb)).toBe(true);
  });

  it.each([
    'status',
    'up',
    'once',
    'start',
    'stop',
    'restart',
    'try-restart',
    'reload',
    'check',
    'shutdown',
    'force-stop',
  ])('has an example of %s', (verb) => {
    expect(has(verb)).toBe(true);
  });
});
