// Writes names of ours in the letters that a vendor allows, and reads them back.

export interface NameGrammar {
  /** One letter that stays as it is, e.g. `/[A-Za-z0-9-]/`. ASCII alone, and without the mark. */
  plain: RegExp;
  /** A letter that the vendor allows, which begins what is escaped. */
  mark: string;
}

/** Every other byte of the name (UTF-8) as the mark and two hexadecimal digits. Different names stay different. */
export function escapedName(name: string, { plain, mark }: NameGrammar): string {
  return [...Buffer.from(name)]
    .map((byte) => (isPlain(byte, plain) ? String.fromCharCode(byte) : mark + byte.toString(16).padStart(2, '0')))
    .join('');
}

/** The name that was escaped so; `undefined` where nothing of ours was: a vendor may hold what others made. */
export function unescapedName(escaped: string, grammar: NameGrammar): string | undefined {
  const bytes: number[] = [];
  for (let at = 0; at < escaped.length; at++) {
    const marked = escaped[at] === grammar.mark;
    bytes.push(marked ? Number.parseInt(escaped.slice(at + 1, at + 3), 16) : escaped.charCodeAt(at));
    if (marked) at += 2;
  }
  const name = Buffer.from(bytes).toString('utf8');
  return escapedName(name, grammar) === escaped ? name : undefined;
}

function isPlain(byte: number, plain: RegExp): boolean {
  return byte < 0x80 && plain.test(String.fromCharCode(byte));
}
