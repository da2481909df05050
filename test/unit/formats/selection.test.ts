import { describe, expect, it } from 'vitest';
import { packRules } from '../../../src/formats/selection.ts';

describe('packed rules', () => {
  it('are nothing where every line is taken', () => {
    expect(packRules('+', [])).toBe('');
  });

  it('begin with what holds otherwise, and have a length before each pattern', () => {
    expect(packRules('-', [])).toBe('-');
    expect(
      packRules('+', [
        { verdict: '-', pattern: '' },
        { verdict: '+', pattern: 'x'.repeat(258) },
      ]),
    ).toBe(`+-\0\0+\x01\x02${'x'.repeat(258)}`);
  });

  it('have patterns of at most 65,535 bytes', () => {
    expect(packRules('+', [{ verdict: '+', pattern: 'x'.repeat(70_000) }])).toBe(`++\xff\xff${'x'.repeat(65_535)}`);
  });
});
