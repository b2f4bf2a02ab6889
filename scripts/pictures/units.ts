// Writes a value in its unit, as Grafana does: 1.25 MiB, 340 µs, 12.5 %.

/** Rising, each with its size in the base unit. */
type Scale = ReadonlyArray<readonly [size: number, name: string]>;

const SECONDS: Scale = [
  [1e-6, 'µs'],
  [1e-3, 'ms'],
  [1, 's'],
  [60, 'min'],
  [3600, 'h'],
  [86_400, 'd'],
];
const BYTES: Scale = [
  [1, 'B'],
  [1024, 'KiB'],
  [1024 ** 2, 'MiB'],
  [1024 ** 3, 'GiB'],
];
const NUMBERS: Scale = [
  [1, ''],
  [1e3, 'K'],
  [1e6, 'Mil'],
];
const SUFFIXES: Record<string, string> = { reqps: 'req/s', ops: 'ops/s', wps: 'wr/s' };

/** `undefined` is written as a dash. */
export function written(value: number | undefined, unit?: string, decimals?: number): string {
  if (value === undefined || !Number.isFinite(value)) return '–';
  if (unit === 'percentunit') return `${digits(value * 100, decimals)}%`;
  if (unit === 's') return scaled(value, SECONDS, decimals);
  if (unit === 'bytes') return scaled(value, BYTES, decimals);
  const suffix = unit === undefined ? undefined : SUFFIXES[unit];
  if (suffix !== undefined) return `${digits(value, decimals)} ${suffix}`;
  return unit === 'short' ? scaled(value, NUMBERS, decimals) : digits(value, decimals);
}

function scaled(value: number, scale: Scale, decimals: number | undefined): string {
  if (value === 0) return `0 ${scale.find(([size]) => size === 1)![1]}`.trim();
  const [size, name] = scale.findLast(([least]) => Math.abs(value) >= least) ?? scale[0]!;
  return `${digits(value / size, decimals)} ${name}`.trim();
}

/** Three digits that mean something, unless decimals are asked for. */
function digits(value: number, decimals?: number): string {
  if (decimals !== undefined) return value.toFixed(decimals);
  if (value === 0) return '0';
  const after = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return String(Number(value.toFixed(Math.min(after, 6))));
}
