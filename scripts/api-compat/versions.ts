// Versions of the API, and what a step from one to another may do to callers (semver.org).

type Version = readonly [major: number, minor: number, patch: number];

function parse(text: string): Version | undefined {
  const found = /^(\d+)\.(\d+)\.(\d+)$/.exec(text);
  return found ? [Number(found[1]), Number(found[2]), Number(found[3])] : undefined;
}

/** The highest version among names; names that are none are passed over. */
export function newest(names: readonly string[]): string | undefined {
  const versions = names.map(parse).filter((version) => version !== undefined);
  return versions.sort(order).at(-1)?.join('.');
}

function order(one: Version, other: Version): number {
  return one[0] - other[0] || one[1] - other[1] || one[2] - other[2];
}

/** From 1.0.0 on a new major version may break what was; before it, a new minor version. A preview may what its version may. */
export function mayBreak(released: string, next: string): boolean {
  const from = parse(released);
  const to = parse(next.replace(/-.*$/, ''));
  if (!from || !to) return false;
  return to[0] > from[0] || (from[0] === 0 && to[0] === 0 && to[1] > from[1]);
}

/** No version may take away an operation of these before its sunset. */
export function keepsSunsets(released: string): boolean {
  return (parse(released)?.[0] ?? 0) >= 1;
}
