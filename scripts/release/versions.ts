// The places that name the version of the product, so that they can be held together and set at once.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Place {
  file: string;
  /** Matches around the version, which is its first group; every match of the file counts. */
  pattern: RegExp;
}

const JSON_VERSION = /^ {2}"version": "([^"]+)"/gm;

export const PLACES: readonly Place[] = [
  { file: 'package.json', pattern: JSON_VERSION },
  { file: 'package-lock.json', pattern: /"name": "resk-caching",\s+"version": "([^"]+)"/g },
  { file: 'libs/gateway/src/openapi-document.ts', pattern: /API_VERSION = '([^']+)'/g },
  { file: 'helm/resk-caching/Chart.yaml', pattern: /^(?:version|appVersion): "?([^"\n]+)"?$/gm },
  { file: 'clients/typescript/package.json', pattern: JSON_VERSION },
  { file: 'clients/python/pyproject.toml', pattern: /^version = "([^"]+)"/gm },
  { file: 'Dockerfile', pattern: /org\.opencontainers\.image\.version="([^"]+)"/g },
  { file: 'docker-compose.yml', pattern: /RESK_VERSION:-([^}]+)\}/g },
];

/** semver.org, without build data: registries of images and charts do not take its plus sign. */
const SEMVER = /^(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*)){2}(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/;

export function isVersion(text: string): boolean {
  return SEMVER.test(text);
}

/** Suffixes that both orders of versions know, by their name in Python's (PEP 440). */
const PREVIEWS: Record<string, string> = { alpha: 'a', beta: 'b', rc: 'rc' };
const PREVIEW = /^([\d.]+)-(alpha|beta|rc)\.(0|[1-9]\d*)$/;

/** The version as Python's packages bear it, `1.0.0rc1` for `1.0.0-rc.1`; undefined where it has no form there. */
export function pythonVersion(version: string): string | undefined {
  if (!version.includes('-')) return version;
  const [, release, kind, number] = PREVIEW.exec(version) ?? [];
  return release && `${release}${PREVIEWS[kind!]}${number}`;
}

export function versionOf(root: string): string {
  return (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version;
}

/** What names another version than the one given, or none at all. */
export function incoherent(root: string, version: string, places: readonly Place[] = PLACES): string[] {
  return places.flatMap(({ file, pattern }) => {
    const named = [...readFileSync(join(root, file), 'utf8').matchAll(pattern)].map(([, found]) => found!);
    if (named.length === 0) return [`${file} names no version`];
    return named.filter((found) => found !== version).map((found) => `${file} says ${found}, not ${version}`);
  });
}

/** Writes the version wherever one is named; what is generated from it is not. */
export function setVersion(root: string, version: string, places: readonly Place[] = PLACES): string[] {
  if (!isVersion(version)) throw new Error(`${version} is no version: X.Y.Z, or X.Y.Z-rc.1`);
  for (const { file, pattern } of places) {
    const text = readFileSync(join(root, file), 'utf8');
    writeFileSync(
      join(root, file),
      text.replace(pattern, (whole, found: string) => whole.replace(found, version)),
    );
  }
  return places.map(({ file }) => file);
}

/** The changelog with what was unreleased under the version and its day; undefined where nothing was, or it is there already. */
export function released(changelog: string, version: string, day: string): string | undefined {
  if (changelog.includes(`## [${version}]`)) return undefined;
  const heading = '## [Unreleased]\n';
  const at = changelog.indexOf(heading);
  if (at < 0) return undefined;
  const rest = changelog.slice(at + heading.length);
  return `${changelog.slice(0, at)}${heading}\n## [${version}] - ${day}\n${rest}`;
}
