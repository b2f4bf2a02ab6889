// Runs the security rules over sources, and sorts what they find into accepted and not.
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import type { Accepted } from './accepted.js';

export interface Finding {
  rule: string;
  file: string;
  line: number;
  text: string;
  message: string;
}

interface Diagnostic {
  /** `house(no-shell)`. */
  code: string;
  filename: string;
  message: string;
  labels: { span: { line: number } }[];
}

/** What the rules find in these paths of a root; `home` is where the packages and the rules lie. */
export function findings(home: string, root: string, paths: readonly string[]): Finding[] {
  const program = join(home, 'node_modules/oxlint/bin/oxlint');
  const given = ['-c', join(home, 'scripts/sast/oxlint.json'), '--format', 'json', '--disable-nested-config'];
  const done = spawnSync(process.execPath, [program, ...given, ...paths], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  if (done.error) throw done.error;
  return reportOf(done.stdout, done.stderr).diagnostics.map((one) => asFinding(root, one));
}

/** @throws Error where it read no file: nothing read is no pass */
function reportOf(stdout: string, stderr: string): { diagnostics: Diagnostic[] } {
  try {
    return JSON.parse(stdout);
  } catch (cause) {
    throw new Error(`oxlint did not report: ${stdout}${stderr}`, { cause });
  }
}

function asFinding(root: string, { code, filename, message, labels }: Diagnostic): Finding {
  // A file that cannot be read as code has neither rule nor place, and is no less a finding.
  const line = labels[0]?.span.line ?? 1;
  const path = resolve(root, filename);
  return {
    rule: code?.replace(/^(.*)\((.*)\)$/, '$1/$2') ?? 'syntax',
    file: relative(root, path).split(sep).join('/'),
    line,
    text: readFileSync(path, 'utf8').split('\n')[line - 1]?.trim() ?? '',
    message,
  };
}

const DISABLES = /(\/\/|\/\*)[\s*]*(?:ox|es)lint-disable(?:-next-line|-line)?/g;
/** Where the comment names a rule of security, among others too, or none at all. */
const SILENCES = /house\/|security\/|^[\s,]*(?:--|$)/;

/** Comments that would keep a rule from being heard: what may stay is said in one list, with its reason. */
export function silenced(root: string, paths: readonly string[]): Finding[] {
  return paths
    .flatMap((path) => globSync(`${path}/**/*.{ts,tsx,js,jsx,mjs,cjs,mts,cts}`, { cwd: root, exclude: isNotOurs }))
    .flatMap((file) =>
      silencing(readFileSync(join(root, file), 'utf8')).map((at) => ({
        rule: 'silenced',
        file,
        ...at,
        message: 'Accept it in scripts/sast/accepted.ts.',
      })),
    );
}

function silencing(content: string): { line: number; text: string }[] {
  return [...content.matchAll(DISABLES)]
    .map(({ 0: begun, 1: opened, index }) => {
      const end = content.indexOf(opened === '//' ? '\n' : '*/', index + begun.length);
      return { index, rest: content.slice(index + begun.length, end < 0 ? undefined : end) };
    })
    .filter(({ rest }) => SILENCES.test(rest))
    .map(({ index }) => {
      const line = content.slice(0, index).split('\n').length;
      return { line, text: content.split('\n')[line - 1]!.trim() };
    });
}

const isNotOurs = (path: string) => /(?:^|[\\/])(?:node_modules|dist|test)$/.test(path);

export interface Judgement {
  refused: Finding[];
  /** Entries of the list that meet nothing any more. */
  stale: Accepted[];
}

export function judged(found: readonly Finding[], accepted: readonly Accepted[]): Judgement {
  return {
    refused: found.filter((finding) => !accepted.some((entry) => covers(entry, finding))),
    stale: accepted.filter((entry) => !found.some((finding) => covers(entry, finding))),
  };
}

function covers({ rule, at, line }: Accepted, finding: Finding): boolean {
  const here = at.endsWith('/') ? finding.file.startsWith(at) : finding.file === at;
  return here && finding.rule === rule && (line === undefined || finding.text.includes(line));
}
