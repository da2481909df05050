import { describe, expect, it } from 'vitest';
import { isOutput, parsePage } from '../../docs/page.ts';

const page = (...lines: readonly string[]) => parsePage('page.md', lines.join('\n'));

describe('a page', () => {
  it('gives its blocks with language, place and options, and the line of the fence', () => {
    const { blocks, faults } = page(
      '# Title',
      '',
      '```sh debian file=/etc/x',
      'true',
      '```',
      '',
      '```text',
      'a',
      '```',
    );
    expect(faults).toEqual([]);
    expect(blocks).toEqual([
      { page: 'page.md', line: 3, language: 'sh', place: 'debian', options: { file: '/etc/x' }, text: 'true\n' },
      { page: 'page.md', line: 7, language: 'text', place: '', options: {}, text: 'a\n' },
    ]);
  });

  it('takes the indentation of a fence from its lines', () => {
    expect(page('- item', '', '  ```text', '  a', '    b', '  ```').blocks[0]?.text).toBe('a\n  b\n');
  });

  it.each([
    ['an indented block', ['text', '', '    make run'], 'page.md:3: an indented block: nothing says what it is'],
    [
      'commands without a place',
      ['```sh', 'make run', '```'],
      'page.md:1: no place is named in which this sh is executed',
    ],
    ['a block without an end', ['```text', 'a'], 'page.md:1: a block without an end'],
    [
      'text that is said to be executed',
      ['```text debian', '```'],
      "page.md:1: text is not executed, not even in 'debian'",
    ],
    ['no language', ['```', '```'], "page.md:1: expected a language (sh, dockerfile, js, text, ini, mermaid), got ''"],
  ])('is refused for %s', (_, lines, fault) => {
    expect(page(...lines).faults).toEqual([fault]);
  });

  it('takes text that is marked as output for what the commands before it print', () => {
    const { blocks, faults } = page('```sh guide', 'echo a', '```', '', '```text output', 'a', '```');
    expect(faults).toEqual([]);
    expect(blocks[1]).toMatchObject({ language: 'text', place: 'guide', text: 'a\n' });
    expect(blocks.map(isOutput)).toEqual([false, true]);
  });

  it.each([
    ['nothing', []],
    ['a file', ['```sh guide file=/etc/x', '```']],
    ['another output', ['```sh guide', '```', '```text output', '```']],
  ])('has no output of %s', (_, before) => {
    expect(page(...before, '```text output', '```').faults).toEqual([
      `page.md:${before.length + 1}: output, and no commands before it`,
    ]);
  });

  it('may go on with a list item after an empty line', () => {
    expect(page('- item', '', '    more of it').faults).toEqual([]);
  });
});
