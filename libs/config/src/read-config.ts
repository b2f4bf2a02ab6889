// Reads every section at once and reports every problem at once.
import { failure } from '#ports';
import { type Mode, type Section, type Settings, type ValuesOf } from './section.js';
import type { Setting } from './setting.js';
import { environmentSources, type Sources } from './sources.js';

type SectionsByName<List extends readonly Section[]> = {
  readonly [S in List[number] as S['name']]: S extends Section<string, infer Fields> ? ValuesOf<Fields> : never;
};

/** One problem of the configuration. */
interface Problem {
  env: string;
  source: string;
  message: string;
}

/**
 * Reads sections from the environment (or other `sources`).
 * @throws Failure `config.invalid`, with one problem a line: the variable, where its value came from, and the fix.
 */
export function readConfig<const List extends readonly Section[]>(
  sections: List,
  sources: Sources = environmentSources(),
): SectionsByName<List> {
  const mode: Mode = { production: sources.lookUp('NODE_ENV', false)?.text.trim() === 'production' };
  const problems: Problem[] = [];
  const config: Record<string, unknown> = {};
  for (const part of sections) config[part.name] = readSection(part, sources, mode, problems);
  if (problems.length > 0) throw invalid(problems);
  return config as SectionsByName<List>;
}

function readSection(part: Section, sources: Sources, mode: Mode, problems: Problem[]): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  const from: Record<string, string> = {};
  const unread = new Set<string>();
  for (const [name, one] of Object.entries(part.settings)) {
    try {
      const { text, source } = sources.lookUp(one.env, one.secret) ?? { text: defaultOf(one, mode), source: 'default' };
      from[name] = source;
      values[name] = text === undefined ? undefined : one.read(text);
    } catch (error) {
      unread.add(name);
      problems.push({ env: one.env, source: from[name] ?? 'environment', message: (error as Error).message });
    }
  }
  for (const { setting, message } of ruleProblems(part, values, mode, unread)) {
    problems.push({ env: part.settings[setting]!.env, source: from[setting] ?? 'default', message });
  }
  return values;
}

function defaultOf(one: Setting<unknown>, mode: Mode): string | undefined {
  return mode.production ? one.default : (one.developmentDefault ?? one.default);
}

/** What the section's rule says; of what could not be read it has nothing to say, and may not be able to. */
function ruleProblems(part: Section, values: Record<string, unknown>, mode: Mode, unread: ReadonlySet<string>) {
  try {
    const found = part.rule?.(values as ValuesOf<Settings>, mode) ?? [];
    return found.filter(({ setting }) => !unread.has(setting));
  } catch (error) {
    if (unread.size === 0) throw error;
    return [];
  }
}

function invalid(problems: Problem[]) {
  const lines = problems.map(({ env, source, message }) => `  ${env} (from ${source}) ${message}`);
  return failure(
    'config.invalid',
    { problems: lines.join('\n') },
    { problems: problems.map(({ env, message }) => ({ path: env, code: 'config.invalid', message })) },
  );
}
