// How an endpoint that will be taken away says so on every reply: Deprecation (RFC 9745), Sunset (RFC 8594) and links.

/** Dates are whole days in UTC, `2027-01-31`. */
export interface Retirement {
  /** From when on callers are asked to move away. */
  since: string;
  /** When it stops being served; left out while that is not decided. */
  sunset?: string;
  /** The path that stands in its place. */
  successor?: string;
}

/** Where the reader of the notice learns more. */
const ABOUT = '</docs>; rel="deprecation"; type="text/html"';

/**
 * The headers of the notice, as names and values in turn.
 *
 * @throws RangeError for a day that does not exist, and for a sunset before the deprecation (RFC 9745 §4).
 */
export function noticeOf({ since, sunset, successor }: Retirement): readonly string[] {
  const from = startOf(since);
  const until = sunset === undefined ? undefined : startOf(sunset);
  if (until !== undefined && until < from) throw new RangeError(`sunset ${sunset} is before the deprecation, ${since}`);
  const links = [ABOUT, ...(successor === undefined ? [] : [`<${successor}>; rel="successor-version"`])];
  return [
    'deprecation',
    `@${from.getTime() / 1000}`,
    ...(until === undefined ? [] : ['sunset', until.toUTCString()]),
    'link',
    links.join(', '),
  ];
}

function startOf(day: string): Date {
  const start = new Date(`${day}T00:00:00Z`);
  if (!/^\d{4}-\d\d-\d\d$/.test(day) || Number.isNaN(start.getTime()) || !start.toISOString().startsWith(day)) {
    throw new RangeError(`${day} is no day: write it like 2027-01-31`);
  }
  return start;
}
