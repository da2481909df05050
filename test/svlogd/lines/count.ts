// Judging a log of counted lines: what was written, what is there.
//
// Promises: `exact` allows for nothing at all. `withGaps` is for a logger that was killed: at each kill one gap may be,
// of no more than what it can have read; nothing is doubled, nothing out of order, nothing broken but beside a gap.

/** As writer.pl writes them. */
export const countedLines = (count: number): string =>
  Array.from({ length: count }, (_, i) => `line ${i + 1} ${'x'.repeat(((i + 1) * 7919) % 90)}\n`).join('');

/** A pipe's fill and one more: what a logger can hold that it has not written. */
const GAP_BYTES_MAX = 140_000;

export const exact = (count: number, log: string): readonly string[] => {
  const wanted = countedLines(count);
  if (log === wanted) return [];
  let at = 0;
  while (at < log.length && log[at] === wanted[at]) at++;
  const near = (text: string): string => JSON.stringify(text.slice(Math.max(0, at - 40), at + 60));
  return [
    `${wanted.length} bytes were written, ${log.length} are there; first unlike at ${at}: ${near(wanted)} is ${near(log)}`,
  ];
};

interface Whole {
  readonly n: number;
  readonly at: number;
}

/** Lines that are there as they were written. */
const wholeLines = (log: string): { readonly whole: readonly Whole[]; readonly broken: number } => {
  const whole: Whole[] = [];
  let broken = 0;
  for (const line of log.split('\n')) {
    const match = /^line (\d+) (x*)$/.exec(line);
    const n = Number(match?.[1]);
    if (match !== null && match[2]?.length === (n * 7919) % 90) whole.push({ n, at: whole.length });
    else if (line !== '') broken++;
  }
  return { whole, broken };
};

const lengthOf = (from: number, to: number): number => {
  let bytes = 0;
  for (let n = from; n <= to; n++) bytes += `line ${n} `.length + ((n * 7919) % 90) + 1;
  return bytes;
};

export const withGaps = (count: number, log: string, kills: number): readonly string[] => {
  const { whole, broken } = wholeLines(log);
  const faults: string[] = [];
  const numbers = [0, ...whole.map(({ n }) => n), count + 1];
  let gaps = 0;
  for (let i = 1; i < numbers.length; i++) {
    const [before = 0, n = 0] = [numbers[i - 1], numbers[i]];
    if (n <= before) faults.push(`line ${n} comes after line ${before}`);
    if (n > before + 1) {
      gaps++;
      const bytes = lengthOf(before + 1, n - 1);
      if (bytes > GAP_BYTES_MAX) faults.push(`lines ${before + 1} to ${n - 1} are missing: ${bytes} bytes in one gap`);
    }
  }
  if (gaps > kills) faults.push(`${gaps} gaps for ${kills} kills`);
  if (broken > 2 * kills) faults.push(`${broken} broken lines for ${kills} kills`);
  return faults.slice(0, 10);
};
