import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isPattern, matcher } from '../../../src/formats/pattern.ts';

const NAMES = ['web', 'web@1', 'web@2', 'web@10', 'db', 'db-log', '.hidden', 'a]b', 'x!y', 'w', 'ww', '[', 'a-c'];
const PATTERNS = [
  '*',
  'web@*',
  'web@?',
  'w*b',
  '[wd]*',
  '[!wd]*',
  '[a-d]*',
  '?',
  '.*',
  '*@1*',
  'a[]]b',
  'x[!y]y',
  '[',
  '[[]',
  'web@[0-1]',
  'w**',
  '*[',
  'a[a-]c',
  '[d-a]b',
  '*x*y*z',
];

describe('patterns', () => {
  it('match what the shell matches', () => {
    const dir = mkdtempSync(join(tmpdir(), 'runitbox-pattern-'));
    try {
      for (const name of NAMES) writeFileSync(join(dir, name), '');
      for (const pattern of PATTERNS) {
        const text = execFileSync('bash', ['-c', `LC_ALL=C; shopt -s nullglob; printf '%s\\n' ${pattern}`], {
          cwd: dir,
          encoding: 'utf8',
        });
        const there = text
          .split('\n')
          .filter((name) => NAMES.includes(name))
          .sort();
        const matches = matcher(pattern);
        expect([pattern, ...NAMES.filter(matches).sort()]).toEqual([pattern, ...there]);
      }
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  it('are told from names', () => {
    expect(['web', 'a*', 'b?', '[c]'].map(isPattern)).toEqual([false, true, true, true]);
  });

  it('cost no more than the product of the lengths', () => {
    const began = performance.now();
    expect(matcher(`${'*a'.repeat(50)}b`)('a'.repeat(2000))).toBe(false);
    expect(performance.now() - began).toBeLessThan(2000);
  });
});
