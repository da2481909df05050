import { describe, expect, it } from 'vitest';
import type { Help } from '../../../src/cli/applet.ts';
import { helpText } from '../../../src/cli/help.ts';
import { spelled, synopsis, usageText } from '../../../src/cli/usage.ts';

const help: Help = {
  operands: 'dir ...',
  description:
    'First paragraph.\n\nSecond paragraph, which is so long that it cannot stand in one line of eighty characters.',
  options: [
    { letter: 't', text: 'stamp', twice: true },
    { letter: 'v', text: 'talk' },
    { letter: 'r', value: 'c', text: 'replace' },
    { letter: 'V', text: 'version', unlisted: true },
    { long: 'json', text: 'as JSON' },
    { long: 'every', value: 'SEC', text: 'again and again' },
  ],
  examples: [{ command: 'demo -v x', text: 'talk about x' }],
  exitCodes: [{ code: '0', text: 'fine' }],
};

describe('the usage line', () => {
  it('has flags in one cluster, then values, then operands, and no extras', () => {
    expect(synopsis(help)).toBe('[-ttv] [-r c] dir ...');
  });

  it('is followed by an empty line', () => {
    expect(usageText('demo', help)).toBe('usage: demo [-ttv] [-r c] dir ...\n\n');
  });

  it('may be given whole', () => {
    expect(synopsis({ ...help, usage: '[-l|-L lock] prog' })).toBe('[-l|-L lock] prog');
  });

  it('is only operands where there are no options', () => {
    expect(synopsis({ ...help, options: [] })).toBe('dir ...');
  });
});

describe('an option', () => {
  it.each([
    [{ letter: 'v', text: '' }, '-v'],
    [{ letter: 'w', value: 'sec', text: '' }, '-w sec'],
    [{ long: 'json', text: '' }, '--json'],
    [{ long: 'every', value: 'SEC', text: '' }, '--every=SEC'],
  ])('%j is typed %s', (option, text) => {
    expect(spelled(option)).toBe(text);
  });
});

describe('the text of --help', () => {
  const lists = [{ title: 'Commands', rows: [{ term: 'up', text: 'word '.repeat(30).trim() }] }];
  const text = helpText({ name: 'demo', summary: 'shows', help: { ...help, lists } });

  it('has usage, options, lists, examples and exit codes, in this order', () => {
    const parts = [
      'usage: demo',
      'demo - shows',
      'First',
      'Options:',
      '--every=SEC',
      'Commands:',
      'Examples:',
      'Exit status:',
    ];
    const places = parts.map((part) => text.indexOf(part));
    expect(places).not.toContain(-1);
    expect(places).toEqual([...places].sort((one, other) => one - other));
  });

  it('fits into eighty columns', () => {
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it('ends in one newline', () => {
    expect(text).toMatch(/[^\n]\n$/);
  });

  it('leaves out what there is nothing of', () => {
    const bare = helpText({ name: 'demo', summary: 'shows', help: { ...help, options: [], examples: [] } });
    expect(bare).not.toMatch(/Options|Examples/);
  });
});
