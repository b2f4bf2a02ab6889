// Updates come by themselves, not at once, and not beyond what is proven together.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from './scratch.js';

interface Rule {
  description?: string;
  groupName?: string;
  matchPackageNames?: string[];
  allowedVersions?: string;
}

const config = JSON.parse(readFileSync(join(ROOT, 'renovate.json'), 'utf8')) as {
  extends: string[];
  minimumReleaseAge: string;
  vulnerabilityAlerts: { minimumReleaseAge: null };
  commitMessagePrefix: string;
  packageRules: Rule[];
};
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const used: Record<string, string> = {
  ...manifest.dependencies,
  ...manifest.devDependencies,
  ...manifest.optionalDependencies,
};

/** `<4.5` and `/^24\./`, the two forms that are used. */
function allows(range: string, version: string): boolean {
  const pattern = /^\/(.*)\/$/.exec(range)?.[1];
  if (pattern) return new RegExp(pattern).test(version);
  const [major, minor = 0] = range.slice(1).split('.').map(Number);
  const [has, hasMinor] = version.split('.').map(Number);
  return has! < major! || (has === major && hasMinor! < minor);
}

test('a release is a week old before it comes, but for the fix of a hole', () => {
  expect(config.minimumReleaseAge).toBe('7 days');
  expect(config.vulnerabilityAlerts.minimumReleaseAge).toBeNull();
});

test('actions and images stay pinned to a digest', () => {
  expect(config.extends).toEqual(
    expect.arrayContaining(['helpers:pinGitHubActionDigestsToSemver', 'docker:pinDigests']),
  );
});

test('its commits have the form of ours', () => expect(config.commitMessagePrefix).toBe('packages:'));

test('every limit says why, is of a package that is used, and allows the version that is', () => {
  const limits = config.packageRules.filter(({ allowedVersions }) => allowedVersions);
  expect(limits.length).toBeGreaterThan(3);
  for (const { description, matchPackageNames = [], allowedVersions } of limits) {
    expect(description).toBeTruthy();
    for (const name of matchPackageNames.filter((one) => one !== 'node')) {
      expect(used).toHaveProperty([name]);
      expect({ name, allowed: allows(allowedVersions!, used[name]!) }).toEqual({ name, allowed: true });
    }
  }
  expect(allows('<4.5', '4.5.0')).toBe(false);
  expect(allows('<7', '7.0.0')).toBe(false);
  expect(allows('/^24\\./', '26.0.0')).toBe(false);
});

test('every group is of packages that are used', () => {
  const names = Object.keys(used);
  const matches = (form: string) => {
    const start = form.replace(/\*+$/, '');
    return names.some((name) => (form.endsWith('*') ? name.startsWith(start) : name === form));
  };
  const grouped = config.packageRules
    .filter(({ groupName }) => groupName)
    .flatMap((rule) => rule.matchPackageNames ?? []);
  expect(grouped.length).toBeGreaterThan(5);
  expect(grouped.filter((form) => !matches(form))).toEqual([]);
});
