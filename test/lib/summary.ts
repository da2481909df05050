// A suite's counts: its last line, and how test/all.ts reads that line and the reasons of skipped tests from a suite's output.

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export const summary = ({ passed, failed, skipped }: Counts): string =>
  `${passed} passed, ${failed} failed, ${skipped} skipped`;

const ESCAPE = String.fromCharCode(27);

export const plain = (text: string): string => text.replaceAll(new RegExp(`${ESCAPE}\\[[0-9;]*m`, 'g'), '');

const vitestCounts = (line: string): Counts => {
  const number = (word: string): number => Number(new RegExp(`(\\d+) ${word}`).exec(line)?.[1] ?? 0);
  return { passed: number('passed'), failed: number('failed'), skipped: number('skipped') + number('todo') };
};

/**
 * The sum of all summaries in a command's output, ours and vitest's: one command may run several programs, each of
 * which ends in its own. Null where there is none.
 */
export const countsIn = (output: string): Counts | null => {
  const lines = plain(output).split('\n');
  const counts = lines.flatMap((line): readonly Counts[] => {
    const own = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/.exec(line);
    if (own !== null) return [{ passed: Number(own[1]), failed: Number(own[2]), skipped: Number(own[3] ?? 0) }];
    const vitest = /^\s*Tests\s+(\d+ .*)$/.exec(line)?.[1];
    return vitest === undefined ? [] : [vitestCounts(vitest)];
  });
  return counts.length === 0 ? null : counts.reduce(added);
};

export const added = (one: Counts, other: Counts): Counts => ({
  passed: one.passed + other.passed,
  failed: one.failed + other.failed,
  skipped: one.skipped + other.skipped,
});

/** `TITLE: REASON` of each test that a suite skipped; vitest marks them with an arrow. */
export const skipsIn = (output: string): readonly string[] =>
  plain(output)
    .split('\n')
    .map((line) => /^(?:skipped|\s*↓) +(.*)$/.exec(line)?.[1])
    .filter((found) => found !== undefined);

/** The lines of a suite's output that name a failed test; vitest's and make's as well. */
export const failuresIn = (output: string): readonly string[] =>
  plain(output)
    .split('\n')
    .map((line) => /^(?:FAILED:?|\s*FAIL) +(.*)$/.exec(line)?.[1] ?? /^(make: \*\*\* .*)$/.exec(line)?.[1])
    .filter((found) => found !== undefined);
