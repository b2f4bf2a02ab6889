// What a caller may be allowed to do: a closed list.

export const SCOPES = [
  'cache:read',
  'cache:write',
  'cache:purge',
  'vectors:read',
  'vectors:write',
  'embeddings',
  'events:subscribe',
  'events:publish',
  'privacy',
  'usage:read',
  'admin',
] as const;

/** None implies another: `admin` opens the administration, and nothing else. */
export type Scope = (typeof SCOPES)[number];

const KNOWN: ReadonlySet<string> = new Set(SCOPES);

export function isScope(text: unknown): text is Scope {
  return typeof text === 'string' && KNOWN.has(text);
}
