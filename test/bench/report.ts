// Rows as text, and the judgement over them.
import type { Measured, Row } from './model.ts';

export type Verdict = 'met' | 'NOT MET' | null;

export interface Judged {
  readonly row: Row;
  /** ours / c of the values. */
  readonly ratio: number | null;
  /** The same of the least values: a busy machine moves it less. */
  readonly ratioOfLeast: number | null;
  readonly verdict: Verdict;
  /** How much wider than written the limit was for this verdict. */
  readonly slack: number;
}

const divide = (ours: number | undefined, c: number | undefined): number | null =>
  ours === undefined || c === undefined || c === 0 ? null : ours / c;

/** `slack` widens every limit: 1.5 lets pass what is half again too much. */
export const judge = (row: Row, slack: number): Judged => {
  const ratio = divide(row.ours?.value, row.c?.value);
  const ratioOfLeast = divide(row.ours?.min, row.c?.min);
  const judged = { row, ratio, ratioOfLeast, slack };
  if (row.most !== undefined) {
    if (row.ours === null) return { ...judged, verdict: null };
    return { ...judged, verdict: row.ours.value <= row.most ? 'met' : 'NOT MET' };
  }
  if (row.limit === null || ratio === null) return { ...judged, verdict: null };
  return { ...judged, verdict: ratio <= row.limit * slack ? 'met' : 'NOT MET' };
};

const digits = (n: number): string => {
  if (Number.isInteger(n)) return String(n);
  return n >= 100 ? n.toFixed(0) : n >= 10 ? n.toFixed(1) : n.toFixed(2);
};

const shown = (m: Measured | null): string => {
  if (m === null) return '-';
  const least = m.min === undefined ? '' : ` (${digits(m.min)})`;
  return `${digits(m.value)}${least}`;
};

const NAME = 48;
const VALUE = 18;

export const HEADER = `${'  median (least)'.padEnd(NAME)}${'C'.padStart(VALUE)}${'ours'.padStart(VALUE)}${'ratio'.padStart(12)}  limit`;

const limitOf = ({ row, verdict, slack }: Judged): string => {
  if (row.most !== undefined) return `<= ${row.most}  ${verdict ?? ''}`;
  if (row.limit === null) return '';
  const goal = row.goal === undefined ? '' : ` (goal ${row.goal})`;
  const wider = slack === 1 ? '' : ` x ${slack}`;
  return `<= ${row.limit}${wider}${goal}  ${verdict ?? 'not measured'}`;
};

const ratios = ({ ratio, ratioOfLeast }: Judged): string => {
  if (ratio === null) return '';
  return ratioOfLeast === null ? ratio.toFixed(2) : `${ratio.toFixed(2)} (${ratioOfLeast.toFixed(2)})`;
};

export const lineOf = (judged: Judged): string => {
  const { row } = judged;
  const name = `  ${row.name}, ${row.unit === 'us' ? 'µs' : row.unit}`.padEnd(NAME);
  const tail =
    row.ours?.p99 === undefined ? '' : `   p99 ${digits(row.c?.p99 ?? Number.NaN)} / ${digits(row.ours.p99)}`;
  return `${name}${shown(row.c).padStart(VALUE)}${shown(row.ours).padStart(VALUE)}${ratios(judged).padStart(12)}  ${limitOf(judged)}${tail}`;
};
