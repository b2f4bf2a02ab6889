// Holds every package of the lockfile to the licences that may be shipped, or that a tool may have.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import parse from 'spdx-expression-parse';
import { EXCEPTIONS, type Exception, REVIEWED, type Reviewed, SHIPPED, TOOLS } from './licence-policy.js';
import { installedManifest, type LockedPackage } from './lockfile.js';

export interface LicenceReport {
  problems: string[];
  /** Licence → how many shipped packages have it. */
  shipped: Map<string, number>;
  tools: number;
}

/** @param o what was read by a person, and what may be shipped all the same; the project's own lists unless given */
export function licenceReport(
  root: string,
  packages: readonly LockedPackage[],
  {
    reviewed = REVIEWED,
    exceptions = EXCEPTIONS,
  }: { reviewed?: Record<string, Reviewed>; exceptions?: readonly Exception[] } = {},
): LicenceReport {
  const report: LicenceReport = { problems: [], shipped: new Map(), tools: 0 };
  for (const one of packages) {
    const licence = isSpdx(one.licence) ? one.licence : reviewedLicence(root, one, reviewed, report.problems);
    const excepted = exceptions.filter((exception) => isExcepted(one, exception)).map((exception) => exception.licence);
    report.problems.push(...problemsOf(root, one, { licence, excepted }));
    if (!one.shipped) report.tools += 1;
    else report.shipped.set(licence ?? 'unknown', (report.shipped.get(licence ?? 'unknown') ?? 0) + 1);
  }
  for (const name of Object.keys(reviewed)) {
    if (!packages.some((one) => one.name === name && !isSpdx(one.licence)))
      report.problems.push(`${name} was reviewed, but needs it no more: take it out of licence-policy.ts`);
  }
  for (const exception of exceptions) {
    if (!packages.some((one) => isExcepted(one, exception)))
      report.problems.push(
        `${exception.name.source} is an exception that nothing needs: take it out of licence-policy.ts`,
      );
  }
  return report;
}

function isExcepted(one: LockedPackage, { name, licence }: Exception): boolean {
  return one.shipped && name.test(one.name) && one.licence === licence;
}

function problemsOf(
  root: string,
  { path, version, name, licence: locked, shipped }: LockedPackage,
  { licence, excepted }: { licence: string | undefined; excepted: string[] },
) {
  const title = `${name}@${version}`;
  if (licence === undefined)
    return [`${title} says ${locked ?? 'no licence'}: read it, and add what was read to licence-policy.ts`];
  const problems: string[] = [];
  const installed = installedManifest(root, path)?.license;
  if (locked !== undefined && typeof installed === 'string' && installed !== locked)
    problems.push(`${title} says ${installed}, but the lockfile says ${locked}`);
  if (!isAllowed(parse(licence), shipped ? [...SHIPPED, ...excepted] : TOOLS))
    problems.push(`${title} is ${licence}, which may not be ${shipped ? 'shipped' : 'among the tools'}`);
  return problems;
}

function reviewedLicence(
  root: string,
  { name, path }: LockedPackage,
  reviewed: Record<string, Reviewed>,
  problems: string[],
): string | undefined {
  const entry = reviewed[name];
  if (!entry) return undefined;
  const file = join(root, path, entry.file);
  if (existsSync(join(root, path)) && !(existsSync(file) && readFileSync(file, 'utf8').includes(entry.words)))
    problems.push(`${name}: ${entry.file} no longer says ${JSON.stringify(entry.words)}; read it again`);
  return entry.licence;
}

function isSpdx(licence: string | undefined): licence is string {
  try {
    return licence !== undefined && parse(licence) !== undefined;
  } catch {
    return false;
  }
}

/** Of a choice one must be allowed, of a sum all. A licence with an exception is another licence. */
export function isAllowed(licence: parse.Info, allowed: readonly string[]): boolean {
  if ('conjunction' in licence) {
    const { left, right, conjunction } = licence;
    const both = [left, right].map((side) => isAllowed(side, allowed));
    return conjunction === 'or' ? both.includes(true) : !both.includes(false);
  }
  const { license, plus, exception } = licence;
  return exception === undefined && allowed.includes(`${license}${plus ? '+' : ''}`);
}
