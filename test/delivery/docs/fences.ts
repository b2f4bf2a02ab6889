// The fenced blocks of a document, and what the words after the opening fence say becomes of each: the table in CONTRIBUTING.md, as code.

export interface Fence {
  /** Line of the opening fence, from 1. */
  line: number;
  /** First word of the info string; empty where there is none. */
  language: string;
  /** The other words. */
  words: string[];
  text: string;
}

/** What a block needs that the test has not: it is then checked and not run. */
export const NEEDS = ['cluster', 'docker', 'registry', 'vendor', 'data', 'host', 'repository'] as const;
const SHELLS = ['sh', 'bash', 'shell', 'console', 'zsh'];

/** What becomes of a block. */
export type Fate =
  | { kind: 'run' | 'server' | 'fails' }
  | { kind: 'checked'; need: string }
  | { kind: 'reply'; form: 'json' | 'text' }
  | { kind: 'body'; of: 'request' | 'response'; method: string; path: string; status: string }
  | { kind: 'env' }
  | { kind: 'file'; name: string }
  | { kind: 'shown' };

/** A fence of backticks or tildes, at any indentation: in a list, the text is freed of it. */
const OPENING = /^(?<indent>[ \t]*)(?<mark>`{3,}|~{3,})(?<info>[^`]*)$/;

export function fencesOf(text: string): Fence[] {
  const fences: Fence[] = [];
  let open: (Fence & { indent: number; mark: string }) | undefined;
  const lines: string[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (open) {
      if (line.trim().startsWith(open.mark) && line.trim() === line.trim()[0]!.repeat(line.trim().length)) {
        const { line: at, language, words } = open;
        fences.push({ line: at, language, words, text: lines.splice(0).join('\n') });
        open = undefined;
      } else {
        lines.push(line.slice(Math.min(open.indent, line.length - line.trimStart().length)));
      }
      continue;
    }
    const { indent, mark, info } = OPENING.exec(line)?.groups ?? {};
    if (mark === undefined) continue;
    const [language = '', ...words] = info!.trim().split(/\s+/);
    open = { line: index + 1, language, words, text: '', indent: indent!.length, mark };
  }
  if (open) throw new Error(`line ${open.line}: a fence is opened and not closed`);
  return fences;
}

/** Throws where the info string is none of CONTRIBUTING.md. */
export function fateOf({ language, words, line }: Fence): Fate {
  const [first, ...rest] = words;
  const wrong = (why: string) =>
    new Error(`line ${line}: \`${[language, ...words].join(' ')}\` ${why}; see CONTRIBUTING.md`);
  if (language === 'sh') return shellFate(words, wrong);
  if (SHELLS.includes(language)) throw wrong('is no fence of ours: commands are `sh`');
  if (language === 'env' && first === undefined) return { kind: 'env' };
  if (first === undefined) return { kind: 'shown' };
  if (first === 'file' && rest.length === 1) return { kind: 'file', name: rest[0]! };
  if (first === 'reply' && (language === 'json' || language === 'text') && rest.length === 0) {
    return { kind: 'reply', form: language };
  }
  const [method, path, status = ''] = rest;
  if (language === 'json' && first === 'request' && rest.length === 2) {
    return { kind: 'body', of: 'request', method: method!, path: path!, status };
  }
  if (language === 'json' && first === 'response' && rest.length === 3) {
    return { kind: 'body', of: 'response', method: method!, path: path!, status };
  }
  throw wrong('has words that say nothing');
}

function shellFate(words: string[], wrong: (why: string) => Error): Fate {
  const [word, ...more] = words;
  if (word === undefined) return { kind: 'run' };
  if (more.length > 0) throw wrong('has more than one word after sh');
  if (word === 'server' || word === 'fails') return { kind: word };
  if ((NEEDS as readonly string[]).includes(word)) return { kind: 'checked', need: word };
  throw wrong(`needs one of ${NEEDS.join(', ')}, server, fails, or no word`);
}
