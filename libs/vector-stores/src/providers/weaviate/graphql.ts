// Writes questions in Weaviate's GraphQL: values as literals, so that nothing a user sends is read as part of the question.

/** A word of the schema's own, such as an operator: written bare. */
export class Keyword {
  constructor(readonly word: string) {}
}

/** What is asked of one class. Its name, and the names of fields and arguments, are ours. */
export interface Selected {
  className: string;
  /** Those that are `undefined` are left out. */
  args: Record<string, unknown>;
  /** In GraphQL. */
  fields: string;
}

/** `{Get{Class(argument:value,…){fields}}}`, with `more` arguments for each class. */
export function graphqlText(kind: string, selected: readonly Selected[], more: Record<string, unknown> = {}): string {
  const asked = selected.map(
    ({ className, args, fields }) => `${className}(${members({ ...args, ...more })}){${fields}}`,
  );
  return `{${kind}{${asked.join(' ')}}}`;
}

/** A string of JSON is one of GraphQL (https://spec.graphql.org/October2021/#sec-String-Value), and so is a number. */
function literal(value: unknown): string {
  if (value instanceof Keyword) return value.word;
  if (Array.isArray(value)) return `[${value.map(literal).join(',')}]`;
  if (typeof value === 'object' && value !== null) return `{${members(value)}}`;
  return JSON.stringify(value);
}

function members(object: object): string {
  return Object.entries(object)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}:${literal(value)}`)
    .join(',');
}
