// Milvus's expression language, as far as filters of points need it: parsed by the precedence of its grammar, and evaluated.
// https://github.com/milvus-io/milvus/blob/master/internal/parser/planparserv2/Plan.g4

/** What a comparison with an absent key of a JSON field gives: unknown since 2.6, and a plain no before (to `!=`: yes). */
export type Absent = 'unknown' | 'false';

type Value = string | number | boolean | null | undefined | Value[];
type Node = (row: Record<string, unknown>) => Value;

/** The server's code 1100: an expression that it cannot parse, or whose types do not fit. */
export class ExpressionError extends Error {}

export function compiled(
  expression: string,
  types: ReadonlyMap<string, string>,
  absent: Absent,
): (row: Record<string, unknown>) => boolean {
  if (expression.trim() === '') return () => true;
  const node = new Parser(tokensOf(expression), types, absent).whole();
  return (row) => node(row) === true;
}

interface Token {
  kind: 'text' | 'number' | 'name' | 'symbol';
  text: string;
}

const TOKEN =
  /\s*(?:("(?:[^"\\\r\n]|\\.)*"|'(?:[^'\\\r\n]|\\.)*')|(\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)|([A-Za-z_$]\w*)|(==|!=|<=|>=|&&|\|\||[<>()[\],!-]))/y;
const KINDS = ['text', 'number', 'name', 'symbol'] as const;

function tokensOf(expression: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < expression.trimEnd().length) {
    const at = TOKEN.lastIndex;
    const found = TOKEN.exec(expression);
    if (!found) throw new ExpressionError(`cannot parse expression at ${at}`);
    const kind = KINDS[found.slice(1).findIndex((group) => group !== undefined)]!;
    tokens.push({ kind, text: found[KINDS.indexOf(kind) + 1]! });
  }
  return tokens;
}

const CALLS: Record<string, (list: Value[], wanted: Value) => boolean> = {
  array_contains: (list, wanted) => list.includes(wanted),
  array_contains_any: (list, wanted) => (wanted as Value[]).some((one) => list.includes(one)),
  array_contains_all: (list, wanted) => (wanted as Value[]).every((one) => list.includes(one)),
};

/** Lower ones bind less: `not a == b` is `(not a) == b`, which the server refuses. */
class Parser {
  private at = 0;

  constructor(
    private readonly tokens: readonly Token[],
    private readonly types: ReadonlyMap<string, string>,
    private readonly absent: Absent,
  ) {}

  whole(): Node {
    const node = this.or();
    if (this.at < this.tokens.length) throw new ExpressionError('cannot parse expression: more than one');
    return node;
  }

  private or(): Node {
    return this.joined(() => this.and(), ['or', '||'], true);
  }

  private and(): Node {
    return this.joined(() => this.equality(), ['and', '&&'], false);
  }

  /** Kleene's logic: `decisive` on either side decides, else what is unknown stays unknown. */
  private joined(part: () => Node, words: string[], decisive: boolean): Node {
    let left = part();
    while (this.accepts(...words)) {
      const [one, other] = [left, part()];
      left = (row) => {
        const values = [truth(one(row)), truth(other(row))];
        if (values.includes(decisive)) return decisive;
        return values.includes(null) ? null : !decisive;
      };
    }
    return left;
  }

  private equality(): Node {
    return this.comparing(() => this.relational(), ['==', '!=']);
  }

  private relational(): Node {
    return this.comparing(() => this.membership(), ['<=', '>=', '<', '>']);
  }

  private comparing(part: () => Node, symbols: string[]): Node {
    let left = part();
    for (let symbol = this.accepts(...symbols); symbol; symbol = this.accepts(...symbols)) {
      const [one, other, op] = [left, part(), symbol];
      left = (row) => this.compared(one(row), op, other(row));
    }
    return left;
  }

  private compared(left: Value, op: string, right: Value): Value {
    if (left === undefined || typeof left !== typeof right) {
      return this.absent === 'unknown' ? null : op === '!=';
    }
    if (op === '==') return left === right;
    if (op === '!=') return left !== right;
    const order = inOrder(left, right);
    return op === '<' ? order < 0 : op === '<=' ? order <= 0 : op === '>' ? order > 0 : order >= 0;
  }

  private membership(): Node {
    const left = this.unary();
    if (!this.accepts('in')) return left;
    const list = this.unary();
    return (row) => (list(row) as Value[]).includes(left(row));
  }

  private unary(): Node {
    if (this.accepts('-')) {
      const inner = this.unary();
      return (row) => -(inner(row) as number);
    }
    if (!this.accepts('not', '!')) return this.primary();
    const inner = this.unary();
    return (row) => {
      const value = truth(inner(row));
      return value === null ? null : !value;
    };
  }

  private primary(): Node {
    const token = this.next();
    if (token.kind === 'text') return constant(unquoted(token.text));
    if (token.kind === 'number') return constant(numberOf(token.text));
    if (token.text === '(') return this.closed(')', this.or());
    if (token.text === '[') return this.list();
    if (token.kind !== 'name') throw new ExpressionError(`cannot parse expression at ${token.text}`);
    if (/^(true|false)$/i.test(token.text)) return constant(token.text.toLowerCase() === 'true');
    return token.text in CALLS ? this.call(token.text) : this.field(token.text);
  }

  private list(): Node {
    const items: Node[] = [];
    if (!this.accepts(']')) {
      do items.push(this.unary());
      while (this.accepts(','));
      this.expects(']');
    }
    return (row) => items.map((item) => item(row));
  }

  private call(name: string): Node {
    this.expects('(');
    const field = this.next().text;
    if (this.typeOf(field) !== 'Array') throw new ExpressionError(`${name} needs an array: ${field}`);
    this.expects(',');
    const wanted = this.closed(')', this.unary());
    return (row) => CALLS[name]!(row[field] as Value[], wanted(row));
  }

  private field(name: string): Node {
    const type = this.typeOf(name);
    if (type !== 'JSON') return (row) => row[name] as Value;
    this.expects('[');
    const key = unquoted(this.next().text);
    this.expects(']');
    // The server takes keys as they are written, and splits paths at brackets.
    if (!/^\w+$/.test(key)) throw new ExpressionError(`a key of other letters: ${key}`);
    return (row) => (row[name] as Record<string, Value>)[key];
  }

  private typeOf(name: string): string {
    const type = this.types.get(name);
    if (type === undefined) throw new ExpressionError(`field ${name} not exist`);
    return type;
  }

  private closed(symbol: string, node: Node): Node {
    this.expects(symbol);
    return node;
  }

  private accepts(...texts: string[]): string | undefined {
    const token = this.tokens[this.at];
    if (!token || token.kind === 'text') return undefined;
    const text = token.kind === 'name' ? token.text.toLowerCase() : token.text;
    if (!texts.includes(text)) return undefined;
    this.at++;
    return text;
  }

  private expects(text: string): void {
    if (!this.accepts(text)) throw new ExpressionError(`cannot parse expression: ${text} expected`);
  }

  private next(): Token {
    const token = this.tokens[this.at++];
    if (!token) throw new ExpressionError('cannot parse expression: it ends too early');
    return token;
  }
}

function truth(value: Value): boolean | null {
  if (typeof value === 'boolean' || value === null) return value;
  throw new ExpressionError('logical operators can only be applied on boolean expressions');
}

/** Texts by their bytes, as C++ compares them. */
function inOrder(left: Value, right: Value): number {
  if (typeof left === 'string') return Buffer.compare(Buffer.from(left), Buffer.from(right as string));
  return (left as number) - (right as number);
}

function constant(value: Value): Node {
  return () => value;
}

function numberOf(text: string): number {
  if (/^\d+$/.test(text) && BigInt(text) > 2n ** 63n - 1n) throw new ExpressionError(`${text} is out of range`);
  return Number(text);
}

/** Go's strconv.Unquote takes JSON's escapes, and no half of a surrogate pair. */
function unquoted(literal: string): string {
  try {
    const text: unknown = JSON.parse(literal);
    if (typeof text === 'string' && text.isWellFormed()) return text;
  } catch {}
  throw new ExpressionError('invalid string literal');
}
