// The rules of this repository for its workflows, which no linter knows: what they may do, and that they do what `npm run` does.
import { parse } from 'yaml';

export interface Step {
  name?: string;
  uses?: string;
  run?: string;
  with?: Record<string, unknown>;
  env?: Record<string, string>;
}

export interface Job {
  uses?: string;
  permissions?: unknown;
  'timeout-minutes'?: number;
  'runs-on'?: string;
  steps?: Step[];
}

export interface Workflow {
  on: string | string[] | Record<string, unknown>;
  permissions?: unknown;
  concurrency?: unknown;
  jobs: Record<string, Job>;
}

const PINNED = /^[\w.-]+\/[\w./-]+@[0-9a-f]{40}$/;
/** Whose actions may run here. Another owner is another party that could change what is released. */
const OWNERS = ['actions', 'github', 'docker', 'anchore', 'pypa'];
/** One command of ours: `npm run NAME`, `npm test`, or the script that stands for both. */
const COMMAND = /^(?:npm run ([\w:-]+)|npm (test)|(\.ci\/run))(?: -- (?:(?!\$\()[^;&|`<>])*)?$/;

/** What a workflow breaks; `scripts` are the names of package.json's scripts. */
export function policyProblems(name: string, content: string, scripts: readonly string[]): string[] {
  const workflow = parse(content) as Workflow;
  const jobs = Object.entries(workflow.jobs);
  const problems = [...ofTriggers(workflow), ...unversioned(content)];
  if (JSON.stringify(workflow.permissions) !== '{}')
    problems.push('permissions are not {} at the top: each job asks for its own');
  if (!workflow.concurrency)
    problems.push('nothing says what becomes of a run that a newer one overtakes (concurrency)');
  for (const [id, job] of jobs) problems.push(...ofJob(job, scripts).map((problem) => `job ${id}: ${problem}`));
  return problems.map((problem) => `${name}: ${problem}`);
}

function ofTriggers({ on }: Workflow): string[] {
  return ['pull_request_target', 'workflow_run', 'issue_comment']
    .filter((trigger) => triggersOf(on).includes(trigger))
    .map((trigger) => `${trigger} runs with our rights on what strangers wrote`);
}

export function triggersOf(on: Workflow['on']): string[] {
  return typeof on === 'string' ? [on] : Array.isArray(on) ? on : Object.keys(on);
}

/** A pin says which version it is, for a reader and for Renovate. */
function unversioned(content: string): string[] {
  return content
    .split('\n')
    .filter((line) => /^\s*(?:- )?uses: [^.]/.test(line) && !/ # v\d+\.\d+\.\d+$/.test(line))
    .map((line) => `${line.trim()} has no version in a comment`);
}

function ofJob(job: Job, scripts: readonly string[]): string[] {
  const problems: string[] = [];
  if (!isLeast(job.permissions)) problems.push('permissions are not named one by one');
  if (!((job['timeout-minutes'] ?? Number.POSITIVE_INFINITY) <= 360)) problems.push('no timeout of at most six hours');
  if (/-latest$/.test(job['runs-on'] ?? '')) problems.push(`${job['runs-on']} is another machine tomorrow`);
  return [...problems, ...(job.steps ?? []).flatMap((step) => ofStep(step, scripts))];
}

function isLeast(permissions: unknown): boolean {
  return typeof permissions === 'object' && permissions !== null;
}

function ofStep(step: Step, scripts: readonly string[]): string[] {
  if (step.uses !== undefined) return ofAction(step, step.uses);
  return ofRun(step.run ?? '', scripts);
}

function ofAction({ with: inputs }: Step, uses: string): string[] {
  const problems: string[] = [];
  if (!PINNED.test(uses)) problems.push(`${uses} is not pinned to a commit`);
  if (!OWNERS.includes(uses.split('/')[0]!)) problems.push(`${uses} is of an owner who is not on the list`);
  if (uses.startsWith('actions/checkout@') && inputs?.['persist-credentials'] !== false)
    problems.push('checkout leaves its token behind (persist-credentials)');
  return problems;
}

/** Expressions are written into the script before a shell reads it: what they hold becomes code. */
function ofRun(run: string, scripts: readonly string[]): string[] {
  const problems: string[] = [];
  if (run.includes('${{')) problems.push(`an expression in a shell: ${run.trim()}; pass it by env`);
  for (const line of run.trim().split('\n')) {
    const [, script, test, whole] = COMMAND.exec(line.trim()) ?? [];
    const known = script !== undefined ? scripts.includes(script) : (test ?? whole) !== undefined;
    if (!known) problems.push(`"${line.trim()}" is no command of package.json`);
  }
  return problems;
}
