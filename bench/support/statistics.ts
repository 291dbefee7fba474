/** Robust statistics: a shared machine's noise has a long upper tail. */

/** Linear between the two nearest ranks. @param share 0 to 1 */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const rank = (sorted.length - 1) * share;
  const low = sorted[Math.floor(rank)] ?? Number.NaN;
  const high = sorted[Math.ceil(rank)] ?? Number.NaN;
  return low + (high - low) * (rank - Math.floor(rank));
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);
export const p95 = (values: readonly number[]): number => quantile(values, 0.95);
export const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** `41.3 (p95 52.0)` */
export const spread = (values: readonly number[], digits = 1): string =>
  `${median(values).toFixed(digits)} (p95 ${p95(values).toFixed(digits)})`;
