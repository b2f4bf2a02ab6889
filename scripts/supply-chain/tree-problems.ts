// What npm holds against the installed packages, but for what is meant to be so.
import type { LockedPackage } from './lockfile.js';

/** Every name for which package.json overrides what a package asks for: npm calls that invalid. */
function overridden(overrides: unknown): string[] {
  if (typeof overrides !== 'object' || overrides === null) return [];
  return Object.entries(overrides).flatMap(([name, inner]) => [name, ...overridden(inner)]);
}

/** @param problems of `npm ls --omit=dev`, which calls a tool extraneous that something shipped could also use */
export function treeProblems(
  problems: readonly string[],
  overrides: unknown,
  locked: readonly LockedPackage[],
): string[] {
  const meant = new Set(overridden(overrides).map((name) => `invalid: ${name}`));
  for (const { name, version, withProduct } of locked) if (!withProduct) meant.add(`extraneous: ${name}@${version}`);
  return problems.filter((problem) => {
    const [, kind, name, version] = /^(\w+): (@?[^@\s]+)@(\S+)/.exec(problem) ?? [];
    return !meant.has(`${kind}: ${name}`) && !meant.has(`${kind}: ${name}@${version}`);
  });
}
