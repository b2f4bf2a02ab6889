// The rules that no import graph shows: where the environment is read, how files begin, how long they are, what folders are called.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const SOURCES = ['apps', 'libs', 'test', 'bench', 'scripts'];
const NOT_OURS = ['node_modules', 'dist', 'coverage', 'public'];
const FORBIDDEN_FOLDERS = ['common', 'shared', 'utils', 'helpers', 'types', 'interfaces'];
const READS_ENVIRONMENT = 'libs/config/src/sources.ts';

export const MAX_LINES = 350;

/** A table that a reader looks up, and nobody reads through: its length is its worth. */
const TABLES = ['libs/ports/src/failure-codes.ts'];

/** Folders whose name says nothing of what they hold. */
export function namelessFolders(root: string): string[] {
  return everything(root).folders.filter((path) => FORBIDDEN_FOLDERS.includes(path.split('/').at(-1)!));
}

/** Files that do not open with a sentence of purpose: `// Decides how long an answer is true.` */
export function purposeless(root: string): string[] {
  return code(root).filter((path) => {
    const lines = readFileSync(join(root, path), 'utf8').split('\n');
    const first = lines[0]?.startsWith('#!') ? lines[1] : lines[0];
    return !/^\/\/( \S+){4}/.test(first ?? '');
  });
}

/** Files longer than MAX_LINES, but for the tables. */
export function overlong(root: string): string[] {
  const lines = (path: string) => readFileSync(join(root, path), 'utf8').trimEnd().split('\n').length;
  return code(root).filter((path) => !TABLES.includes(path) && lines(path) > MAX_LINES);
}

/** Files of the product, other than the one that may, in which the environment of the process is read. */
export function readsEnvironment(root: string): string[] {
  return code(root)
    .filter((path) => /^(libs|apps)\/[^/]+\/(src|bin)\//.test(path) && path !== READS_ENVIRONMENT)
    .filter((path) => namesEnvironment(readFileSync(join(root, path), 'utf8')));
}

/** Whether a text reads `env` of `process`, however it gets hold of it. Comments and strings do not count. */
function namesEnvironment(text: string): boolean {
  const seen = (node: ts.Node): boolean => takesEnv(node) || (ts.forEachChild(node, seen) ?? false);
  return seen(ts.createSourceFile('file.ts', text, ts.ScriptTarget.Latest, true));
}

function takesEnv(node: ts.Node): boolean {
  if (ts.isPropertyAccessExpression(node)) return node.name.text === 'env' && isProcess(node.expression);
  if (ts.isElementAccessExpression(node)) {
    return (
      isProcess(node.expression) &&
      (!ts.isStringLiteral(node.argumentExpression) || node.argumentExpression.text === 'env')
    );
  }
  if (ts.isVariableDeclaration(node)) {
    return (
      !!node.initializer &&
      ts.isObjectBindingPattern(node.name) &&
      isProcess(node.initializer) &&
      /\benv\b/.test(node.name.getText())
    );
  }
  if (ts.isImportDeclaration(node)) {
    const from = (node.moduleSpecifier as ts.StringLiteral).text;
    return /^(node:)?process$/.test(from) && /\benv\b/.test(node.importClause?.getText() ?? '');
  }
  return false;
}

function isProcess(node: ts.Expression): boolean {
  if (ts.isIdentifier(node)) return node.text === 'process';
  return (
    ts.isPropertyAccessExpression(node) && node.name.text === 'process' && node.expression.getText() === 'globalThis'
  );
}

function code(root: string): string[] {
  return everything(root).files.filter((path) => /\.(ts|mjs|cjs)$/.test(path) && !path.endsWith('.d.ts'));
}

function everything(root: string): { folders: string[]; files: string[] } {
  const found = { folders: [] as string[], files: [] as string[] };
  const visit = (path: string): void => {
    for (const entry of readdirSync(join(root, path), { withFileTypes: true })) {
      const inside = `${path}/${entry.name}`;
      if (!entry.isDirectory()) found.files.push(inside);
      else if (!NOT_OURS.includes(entry.name)) {
        found.folders.push(inside);
        visit(inside);
      }
    }
  };
  for (const name of SOURCES) if (existsSync(join(root, name))) visit(name);
  return found;
}
