// Finds the names that documents use (variables, commands, endpoints, failures, scripts), and says which of them do not exist.
import type { Command } from 'commander';
import type { Document } from './documents.js';

export interface Known {
  variables: ReadonlySet<string>;
  /** Variables and constants of other programs. */
  foreign: ReadonlySet<string>;
  resk: Command;
  /** `POST /api/cache`, with parameters as `{name}`. */
  operations: ReadonlySet<string>;
  failures: ReadonlySet<string>;
  /** Names of the form of a failure that mean something else: events, attributes, files. */
  dotted: ReadonlySet<string>;
  /** Names of `npm run` for a document at this path. */
  scripts(path: string): ReadonlySet<string>;
}

type Judge = (word: string, known: Known, document: Document) => string | undefined;

const JUDGES: readonly Judge[] = [variable, command, operation, failureCode, script];

/** What a document names and nobody has, with the reason. */
export function unknownNames(document: Document, known: Known): string[] {
  const words = [...document.words, ...document.fences.flatMap(callsOf)];
  const wrong = words.flatMap((word) =>
    JUDGES.flatMap((judge) => {
      const why = judge(word, known, document);
      return why ? [`${document.path}: \`${word}\` ${why}`] : [];
    }),
  );
  return [...new Set(wrong)];
}

/** `resk` where a command stands, and not the name of a release or a secret. */
const CALLS = /(?:(?<=^\s*(?:\w+=\S* )*|npx |-- |[$;&|(] ?)resk|\bnpm run) [^|;&<>()\n]+/g;

/** Calls of `resk` and `npm run` in a block of commands, each without its redirections and comments. */
function callsOf({ language, text }: Document['fences'][number]): string[] {
  if (language !== 'sh') return [];
  const lines = text
    .replace(/\\\n/g, ' ')
    .split('\n')
    .map((line) => line.replace(/(^|\s)#.*$/, ''));
  return lines.flatMap((line) => [...line.matchAll(CALLS)].map(([call]) => call.trim()));
}

function variable(word: string, { variables, foreign }: Known): string | undefined {
  const name = /^\$?(?<name>[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)(?:=|$)/.exec(word)?.groups?.name;
  if (!name || variables.has(name) || foreign.has(name)) return undefined;
  return 'is no variable of the server';
}

function command(word: string, { resk }: Known): string | undefined {
  const parts = /^(?:npx )?resk (?<rest>.+)$/s.exec(word)?.groups?.rest?.split(/\s+/);
  if (!parts) return undefined;
  let at: Command = resk;
  for (const [index, part] of parts.entries()) {
    const option = /^\[?(?<flag>--?[a-z][\w-]*)/i.exec(part)?.groups?.flag;
    if (option) {
      if (!knows(at, option)) return `has no option ${option}`;
      continue;
    }
    if (at.commands.length === 0 || !/^[a-z|-]+$/.test(part)) continue;
    const names = part.split('|');
    const found = names.map((name) => at.commands.find((one) => one.name() === name));
    if (found.includes(undefined)) return `is no command of resk: ${parts.slice(0, index + 1).join(' ')}`;
    at = found[0]!;
  }
  return undefined;
}

/** Options of the program stand before its commands, as `--version` does. */
function knows(at: Command, flag: string): boolean {
  const flags = at.options.flatMap(({ long, short }) => [long, short]);
  return ['--help', '-h', ...flags].includes(flag);
}

function operation(word: string, { operations }: Known): string | undefined {
  const { method, path } =
    /^(?<method>GET|POST|PUT|PATCH|DELETE) (?<path>\/(?:api|health)[^\s?#]*)/.exec(word)?.groups ?? {};
  if (!method || !path || path.includes('…')) return undefined;
  const found = [...operations].some((one) => {
    const [verb, template] = one.split(' ');
    return verb === method && new RegExp(`^${template!.replace(/\{[^}]+\}/g, '[^/]+')}$`).test(path);
  });
  return found ? undefined : 'is no operation of docs/openapi.json';
}

/** Names of files have the form of a code. */
const FILE = /\.(?:json|jsonl|ya?ml|sqlite|onnx|onnx_data|md|csv|pem|[cm]?[jt]s)$/;

function failureCode(word: string, { failures, dotted }: Known): string | undefined {
  const area = /^(?<area>[a-z]+)\.[a-z]+(?:_[a-z]+)*$/.exec(word)?.groups?.area;
  if (!area || FILE.test(word) || failures.has(word) || dotted.has(word)) return undefined;
  return [...failures].some((code) => code.startsWith(`${area}.`)) ? 'is no failure code' : undefined;
}

function script(word: string, { scripts }: Known, { path }: Document): string | undefined {
  const name = /^npm run (?:--?[\w-]+ )*(?<name>[\w:.-]+)/.exec(word)?.groups?.name;
  return !name || scripts(path).has(name) ? undefined : 'is no script of package.json';
}
