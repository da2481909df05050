// Whether a message that a page explains is one that the sources print.
import { describe, expect, it } from 'vitest';
import { faultsOf, patternsOf, stringsIn } from '../../docs/messages.ts';

const SOURCE = `
// 'a comment'
warn(\`unable to start \${name}: \${execReason(path)}\`);
warn(\`failed: \${why}\${isOver ? '' : ', not started again'}\`);
warn(\`\${why}, killed: \${names}\${more > 0 ? \` and \${more} more\` : ''}\`);
const text = "file does not exist";
`;

const faults = (text: string) => faultsOf([{ page: 'x.md', line: 3, text }], patternsOf(stringsIn(SOURCE)));

describe('a message', () => {
  it('consists of the strings of sources, without comments, with their holes marked', () => {
    const strings = stringsIn(SOURCE);
    expect(strings).toContain('unable to start \0: \0');
    expect(strings).toContain(' and \0 more');
    expect(strings).toContain(', not started again');
    expect(strings).not.toContain('a comment');
  });

  it.each(['unable to start ./run: file does not exist', 'failed: WHY, not started again', 'WHY, killed: NAME'])(
    'is known: %s',
    (text) => {
      expect(faults(text)).toEqual([]);
    },
  );

  it.each([
    ['unable to stop ./run: file does not exist', "no source prints 'unable to stop ./run'"],
    ['unable to start ./run: a comment', "no source prints 'a comment'"],
    ['NAME: WHY', 'nothing in it can be looked for'],
  ])('is unknown: %s', (text, fault) => {
    expect(faults(text)).toEqual([`x.md:3: '${text}': ${fault}`]);
  });
});
