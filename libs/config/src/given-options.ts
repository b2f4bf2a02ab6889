// Puts the options of a provider together from variables and JSON, and says what is wrong with them in the operator's words.
import type { OptionsResult } from '#ports';

/** Option by option: the variable that stands for it, and its value where that is set. */
export type Variables = Readonly<Record<string, readonly [variable: string, value: unknown]>>;

/** The variable that each option came from; those of the JSON came from none. */
export type Origins = Readonly<Record<string, string>>;

type Issue = NonNullable<OptionsResult<unknown>['issues']>[number];

/** Only what the operator set: a provider's own schema holds its defaults. A variable stands before the JSON. */
export function givenOptions(json: Readonly<Record<string, unknown>>, variables: Variables) {
  const given = Object.entries(variables).filter(([, [, value]]) => value !== undefined);
  return {
    settings: { ...json, ...Object.fromEntries(given.map(([option, [, value]]) => [option, value])) },
    origins: Object.fromEntries(given.map(([option, [variable]]) => [option, variable])) as Origins,
  };
}

/** `chosen`: how the provider was chosen, e.g. `VECTORDB_TYPE=embedded`. */
export function problemsIn(issues: readonly Issue[], chosen: string, origins: Origins): string {
  return issues.flatMap((issue) => strangers(issue, chosen, origins) ?? [problemOf(issue, origins)]).join('; ');
}

function problemOf({ path, message }: Issue, origins: Origins): string {
  const [first, ...rest] = path?.map((step) => String(typeof step === 'object' ? step.key : step)) ?? [];
  if (first === undefined) return message;
  return `${[Object.hasOwn(origins, first) ? origins[first] : first, ...rest].join('.')}: ${message}`;
}

/** Options that the provider does not know, where its schema names them as Zod does and variables gave them all. */
function strangers(issue: Issue, chosen: string, origins: Origins): string[] | undefined {
  const {
    code,
    keys = [],
    path = [],
  } = issue as { code?: string; keys?: readonly string[]; path?: readonly unknown[] };
  if (code !== 'unrecognized_keys' || path.length > 0 || !keys.every((key) => Object.hasOwn(origins, key)))
    return undefined;
  const [variable] = chosen.split('=');
  return keys.map(
    (key) => `${origins[key]} is not for ${chosen}: unset it, or set ${variable} to a provider that takes it`,
  );
}
