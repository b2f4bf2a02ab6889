// A usage report as CSV (RFC 4180), which a spreadsheet may open: nothing in it is read as a formula.
import type { UsageReport, UsageRow } from '#usage';

const SORTS = ['spent', 'avoided', 'uncertain'] as const;
const COUNTS = ['calls', 'tokens', 'money'] as const;
const HEADER = [
  'at',
  'provider',
  'model',
  ...SORTS.flatMap((sort) => COUNTS.map((count) => `${sort}_${count}`)),
  'currency',
];

export function usageCsv({ rows, currency }: UsageReport): string {
  const lines = rows.map((row) => [row.at, safe(row.provider), safe(row.model), ...counts(row), currency ?? '']);
  return [HEADER, ...lines].map((line) => `${line.map(quoted).join(',')}\r\n`).join('');
}

function counts(row: UsageRow): string[] {
  return SORTS.flatMap((sort) => COUNTS.map((count) => String(row[sort][count] ?? '')));
}

/** https://owasp.org/www-community/attacks/CSV_Injection: names are an operator's, and may still begin so. */
function safe(text: string): string {
  return /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
