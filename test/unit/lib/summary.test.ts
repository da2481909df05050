// How test/all.ts reads what suites print.
import { expect, it } from 'vitest';
import { countsIn, failuresIn, skipsIn, summary } from '../../lib/summary.ts';

it('reads its own last line', () => {
  const counts = { passed: 3, failed: 1, skipped: 2 };
  expect(countsIn(`some text\n${summary(counts)}\n`)).toEqual(counts);
});

it('adds up all summaries of a command, ours, those without skips, and vitest’s in colours', () => {
  const vitest = '\u001b[2m      Tests \u001b[22m \u001b[1m1 failed\u001b[22m | 5 passed | 2 skipped (8)';
  expect(countsIn(`178 passed, 0 failed\n${vitest}\n1 passed, 0 failed, 1 skipped\n`)).toEqual({
    passed: 184,
    failed: 1,
    skipped: 3,
  });
});

it('finds none where there is none, nor in what a failure quotes', () => {
  expect(countsIn('1 passed is what it said\n    1 passed, 0 failed\n')).toBeNull();
});

it('names what was skipped and what failed', () => {
  const output = 'ok      one (1 s)\nskipped two: needs root\nFAILED  three (2 s)\n    why\nmake: *** [all] Error 1\n';
  expect(skipsIn(output)).toEqual(['two: needs root']);
  expect(failuresIn(output)).toEqual(['three (2 s)', 'make: *** [all] Error 1']);
});
