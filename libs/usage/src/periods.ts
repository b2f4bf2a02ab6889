// The hours and days that usage is added up by, all in UTC.

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export type Period = 'hour' | 'day';

/** `2026-11-21` */
export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/** `2026-11-21T05` */
export function hourOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 13);
}

/** When the day after that of `ms` begins. */
export function endOfDay(ms: number): number {
  return (Math.floor(ms / DAY_MS) + 1) * DAY_MS;
}

/** The names of all periods from the one that holds `from` to the one before `to` (epoch milliseconds). */
export function periodsBetween(from: number, to: number, by: Period): string[] {
  const step = by === 'hour' ? HOUR_MS : DAY_MS;
  const names: string[] = [];
  for (let at = Math.floor(from / step) * step; at < to; at += step) names.push(by === 'hour' ? hourOf(at) : dayOf(at));
  return names;
}

/** When a period began, as a time: `2026-11-21T05:00:00Z`. */
export function startOf(period: string): string {
  return period.length === 10 ? `${period}T00:00:00Z` : `${period}:00:00Z`;
}

export function lengthOf(by: Period): number {
  return by === 'hour' ? HOUR_MS : DAY_MS;
}
