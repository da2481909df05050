// Medians and their kin.
import type { Measured } from './model.ts';

const sorted = (values: readonly number[]): readonly number[] => [...values].sort((a, b) => a - b);

/** The value below which `share` (0..1) of all lie. NaN for none. */
export const quantile = (values: readonly number[], share: number): number => {
  const all = sorted(values);
  const at = Math.min(all.length - 1, Math.max(0, Math.ceil(share * all.length) - 1));
  return all[at] ?? Number.NaN;
};

export const median = (values: readonly number[]): number => {
  const all = sorted(values);
  const middle = all.length >> 1;
  const upper = all[middle] ?? Number.NaN;
  return all.length % 2 === 1 ? upper : ((all[middle - 1] ?? Number.NaN) + upper) / 2;
};

/** A distribution, told by its median. */
export const measured = (values: readonly number[]): Measured => ({
  value: median(values),
  min: Math.min(...values),
  p99: quantile(values, 0.99),
  count: values.length,
});
