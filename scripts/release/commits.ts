// The form of this repository's commits, and what they tell the readers of a release.
import { spawnSync } from 'node:child_process';

export interface Commit {
  id: string;
  subject: string;
  body: string;
}

export interface Told {
  /** Rooms or kinds before the colon: `cache`, `feat(cache)`. */
  areas: string[];
  what: string;
  breaking: boolean;
}

const SUBJECT = /^(?:(?<type>[a-z][\w-]*)\((?<scope>[^()]+)\)|(?<areas>[a-zA-Z][\w ,.-]*?))(?<mark>!)?: (?<what>\S.*)$/;
const BREAKING = /^BREAKING[ -]CHANGE: (?<what>.+)$/m;

/** `undefined` where a subject has no form: `area: what is true now`, or a conventional one. A `!` or a footer marks what breaks. */
export function told({ subject, body }: Commit): Told | undefined {
  const { type, scope, areas, mark, what } = SUBJECT.exec(subject)?.groups ?? {};
  if (what === undefined) return undefined;
  const broken = BREAKING.exec(body)?.groups?.what;
  return {
    areas: (scope ?? areas ?? type)!.split(/, | and /),
    what: broken ?? what,
    breaking: mark !== undefined || broken !== undefined,
  };
}

/** Of no concern to those who run the product. */
const INSIDE = [
  'tests',
  'bench',
  'house',
  'commands',
  'check',
  'packages',
  'package',
  'architecture',
  'workflows',
  'chore',
  'ci',
  'test',
  'style',
  'refactor',
];

/** Markdown: what breaks, then what changed by area, then how much else there was. */
export function notes(version: string, commits: readonly Commit[]): string {
  const areas = new Map<string, string[]>();
  const breaking: string[] = [];
  let inside = 0;
  for (const commit of commits) {
    const {
      areas: named,
      what,
      breaking: breaks,
    } = told(commit) ?? { areas: ['other'], what: commit.subject, breaking: false };
    const line = `- ${what} (${commit.id.slice(0, 8)})`;
    if (breaks) breaking.push(`- **${named.join(', ')}**: ${line.slice(2)}`);
    else if (named.every((area) => INSIDE.includes(area))) inside += 1;
    else areas.set(named.join(', '), [...(areas.get(named.join(', ')) ?? []), line]);
  }
  const sections = [...areas]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([area, lines]) => [`### ${area}`, '', ...lines, '']);
  return [
    ...[`# ${version}`, ''],
    ...(breaking.length > 0 ? ['## Breaking', '', ...breaking, ''] : []),
    ...(sections.length > 0 ? ['## What is true now', '', ...sections.flat()] : []),
    ...(inside > 0 ? [`And ${inside} commits to tests and tools.`, ''] : []),
  ].join('\n');
}

/** The commits of a range that are no merges, oldest first. */
export function commitsOf(root: string, range: string): Commit[] {
  const format = '%H%x1f%s%x1f%b%x1e';
  const done = spawnSync(
    'git',
    ['log', '--reverse', '--topo-order', '--no-merges', `--format=${format}`, '--end-of-options', range, '--'],
    {
      cwd: root,
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
    },
  );
  if (done.status !== 0) throw new Error(`git log ${range} failed: ${done.stderr.trim()}`);
  return done.stdout
    .split('\x1e')
    .map((entry) => entry.trim().split('\x1f'))
    .filter(([id]) => id)
    .map(([id, subject, body]) => ({ id: id!, subject: subject!, body: body ?? '' }));
}

/** The tag of the release at a commit; undefined where there is none. */
export function tagAt(root: string, commit: string): string | undefined {
  return described(root, '--exact-match', commit);
}

/** The tag of the release before a commit; undefined where there is none. Only a preview is told from the preview before it. */
export function tagBefore(root: string, commit: string): string | undefined {
  const previews = tagAt(root, commit)?.includes('-') ? [] : ['--exclude', 'v*-*'];
  return described(root, '--abbrev=0', ...previews, `${commit}^`);
}

function described(root: string, ...args: string[]): string | undefined {
  const done = spawnSync('git', ['describe', '--tags', '--match', 'v*', ...args], { cwd: root, encoding: 'utf8' });
  return done.status === 0 ? done.stdout.trim() : undefined;
}

/** Whether a branch holds the commit; one that is not there holds none. */
export function isOn(root: string, commit: string, branch: string): boolean {
  const args = ['merge-base', '--is-ancestor', '--end-of-options', `${commit}^{commit}`, branch];
  return spawnSync('git', args, { cwd: root }).status === 0;
}
