// Names that a document cannot have for itself, since the clients and their runtime use them.

/** What index.ts of the TypeScript client exports beside the class and the types. */
export const EXPORTED = [
  ...['CallOptions', 'ClientError', 'ClientOptions', 'Fetch', 'LateError', 'Lines', 'Problem', 'ProblemError'],
  ...['ReplyError', 'ReplyHead', 'Token', 'UnreachableError'],
];

/** What the types are written with; a type of the same name would mean itself. */
export const TYPESCRIPT_GLOBALS = ['Array', 'Blob', 'File', 'Omit'];

/** What the typing module of Python gives to the generated files. */
export const TYPING = ['Any', 'Dict', 'List', 'Literal', 'TypedDict', 'Union'];

/** What no type and no class of Python can be called. */
export const PYTHON_CONSTANTS = ['None', 'True', 'False'];

const CLASS_NAMES = new Set([
  ...EXPORTED,
  ...TYPESCRIPT_GLOBALS,
  ...TYPING,
  ...PYTHON_CONSTANTS,
  ...['Api', 'Callable', 'Input', 'Mapping', 'NonNullable', 'Optional', 'Promise', 'Raw', 'Transport'],
]);

export function canNameClass(name: string): boolean {
  return !CLASS_NAMES.has(name);
}
