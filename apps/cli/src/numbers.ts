// Writes numbers and tables for people, and finds percentiles.

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const fine = new Intl.NumberFormat('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** `10003` → `10,003`. */
export function count(value: number): string {
  return whole.format(value);
}

/** Milliseconds with two decimals: `0.25`. */
export function millis(ms: number): string {
  return fine.format(ms);
}

/** A duration for people: `12.3 s`, `4 min 5 s`. */
export function seconds(ms: number): string {
  const total = ms / 1000;
  if (total < 60) return `${total.toFixed(1)} s`;
  const rounded = Math.round(total);
  return `${Math.floor(rounded / 60)} min ${rounded % 60} s`;
}

/** `0.6667` → `66.7 %`. */
export function percent(part: number, of: number): string {
  return of === 0 ? '–' : `${((100 * part) / of).toFixed(1)} %`;
}

/**
 * The value that `percent` % of the sample do not exceed (nearest rank: always a value that was measured).
 * `sorted` ascends. `undefined` for an empty sample.
 */
export function percentile(sorted: readonly number[], percent: number): number | undefined {
  return sorted[Math.max(1, Math.ceil((percent / 100) * sorted.length)) - 1];
}

/** Columns aligned by their widest cell; all but the first to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows.reduce<number[]>(
    (found, row) => row.map((cell, at) => Math.max(found[at] ?? 0, cell.length)),
    [],
  );
  const line = (row: readonly string[]) =>
    row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!))).join('  ');
  return rows.map((row) => `  ${line(row)}`.trimEnd()).join('\n');
}
