import { describe, expect, it } from 'vitest';
import { dependencyWords, namesDependency } from '../../../src/formats/dependency.ts';

describe('an entry of dependencies.d', () => {
  it('has two words, in its first line, in any order', () => {
    expect(dependencyWords('')).toEqual({ optional: false, restart: false, unknown: [] });
    expect(dependencyWords(' restart\toptional \r\nwhatever\n')).toEqual({
      optional: true,
      restart: true,
      unknown: [],
    });
    expect(dependencyWords('optional, Restart')).toEqual({
      optional: false,
      restart: false,
      unknown: ['optional,', 'Restart'],
    });
  });

  it('is one where its name may be that of a service', () => {
    expect(['db', 'web@1', '.db', '', 'a/b', '..'].filter(namesDependency)).toEqual(['db', 'web@1']);
  });

  it('may have any content', () => {
    for (let byte = 0; byte < 256; byte++) {
      const text = String.fromCharCode(byte).repeat(3);
      expect(dependencyWords(text).unknown.join('')).toBe(/[\n\r\t ]/.test(text) ? '' : text);
    }
  });
});
