// Names of an OpenAPI document as names of TypeScript and of Python.

const PYTHON_WORDS = new Set(
  (
    'False None True and as assert async await break class continue def del elif else except finally for from global if ' +
    'import in is lambda nonlocal not or pass raise return try while with yield self'
  ).split(' '),
);
const TYPESCRIPT_WORDS = new Set(
  (
    'arguments await break case catch class const continue debugger default delete do else enum eval export extends false ' +
    'finally for function if implements import in instanceof interface let new null package private protected public return ' +
    'static super switch this throw true try typeof var void while with yield'
  ).split(' '),
);

/** Names of which each is given once. */
export class Names {
  private readonly taken: Set<string>;

  constructor(taken: Iterable<string> = []) {
    this.taken = new Set(taken);
  }

  has(name: string): boolean {
    return this.taken.has(name);
  }

  /** The first of these that is free, else the last with a number. */
  take(...wanted: [string, ...string[]]): string {
    const last = wanted.at(-1)!;
    let name = wanted.find((one) => !this.taken.has(one)) ?? `${last}2`;
    for (let n = 3; this.taken.has(name); n++) name = `${last}${n}`;
    this.taken.add(name);
    return name;
  }
}

/** `cache_warmUp` → cache, warm, up; `getAPIKey` → get, api, key. */
export function wordsOf(text: string): string[] {
  return text
    .normalize('NFKD')
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .split(/[^A-Za-z0-9]+/)
    .filter(Boolean)
    .map((word) => word.toLowerCase());
}

export function camelCase(text: string): string {
  const pascal = pascalCase(text);
  return pascal.charAt(0).toLowerCase() + pascal.slice(1);
}

export function pascalCase(text: string): string {
  return started(
    wordsOf(text)
      .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
      .join(''),
  );
}

export function snakeCase(text: string): string {
  return started(wordsOf(text).join('_'));
}

/** `-` between the words, as packages are named. */
export function packageName(text: string): string {
  return wordsOf(text).join('-') || 'client';
}

export function pythonName(text: string): string {
  const name = snakeCase(text);
  return PYTHON_WORDS.has(name) ? `${name}_` : name;
}

export function typeScriptName(text: string): string {
  const name = camelCase(text);
  return TYPESCRIPT_WORDS.has(name) ? `${name}_` : name;
}

export function isPythonIdentifier(text: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(text) && !PYTHON_WORDS.has(text);
}

/** No name begins with a digit, and none is empty. */
function started(name: string): string {
  return /^[A-Za-z_]/.test(name) ? name : `_${name}`;
}
