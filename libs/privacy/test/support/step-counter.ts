// Matches a pattern as a backtracking engine does, and counts its steps: what a clock would only guess at.
import regexpTree from 'regexp-tree';

type AstNode = NonNullable<ReturnType<typeof regexpTree.parse>['body']>;
type Next = (at: number) => boolean;
type Node = AstNode & Record<string, never>;

/** Lookbehinds of the patterns reach no further than this. */
const LOOKBEHIND_REACH = 16;
const SINGLES = new Set<string>(['Char', 'CharacterClass', 'UnicodeProperty']);

export class StepCounter {
  steps = 0;
  private readonly body: AstNode;
  private readonly flags: string;
  private readonly taken = new Map<AstNode, Map<string, boolean>>();
  private readonly groups = new Map<number, string>();

  constructor(pattern: RegExp) {
    this.flags = pattern.flags.replace(/[gy]/g, '');
    this.body = regexpTree.parse(pattern.toString()).body as AstNode;
  }

  /** The first match at or behind `from`, as `RegExp.exec` finds it. */
  exec(text: string, from = 0): { index: number; end: number } | undefined {
    for (let index = from; index <= text.length; index++) {
      this.groups.clear();
      let end = -1;
      const matched = this.match(this.body, text, index, (at) => {
        end = at;
        return true;
      });
      if (matched) return { index, end };
    }
    return undefined;
  }

  /** Steps for all matches of a text, when none of them is accepted: each search begins one further. */
  stepsOver(text: string): number {
    this.steps = 0;
    for (let found = this.exec(text); found; found = this.exec(text, found.index + 1));
    return this.steps;
  }

  private match(node: AstNode | null, text: string, at: number, next: Next): boolean {
    this.steps++;
    if (!node) return next(at);
    if (SINGLES.has(node.type)) return at < text.length && this.takes(node, text[at]!) && next(at + 1);
    switch (node.type) {
      case 'Alternative':
        return this.sequence(node.expressions, 0, text, at, next);
      case 'Disjunction':
        return this.match(node.left, text, at, next) || this.match(node.right, text, at, next);
      case 'Group':
        return this.match(node.expression, text, at, (end) => {
          if (node.capturing) this.groups.set(node.number, text.slice(at, end));
          return next(end);
        });
      case 'Backreference': {
        const captured = this.groups.get(node.number) ?? '';
        return text.startsWith(captured, at) && next(at + captured.length);
      }
      case 'Assertion':
        return this.holds(node as Node, text, at) && next(at);
      case 'Repetition':
        return this.repeat(node.expression, limitsOf(node.quantifier as unknown as Node), text, at, next);
      default:
        throw new Error(`no step is counted for ${node.type}`);
    }
  }

  private sequence(nodes: readonly AstNode[], i: number, text: string, at: number, next: Next): boolean {
    if (i === nodes.length) return next(at);
    return this.match(nodes[i]!, text, at, (end) => this.sequence(nodes, i + 1, text, end, next));
  }

  private repeat(node: AstNode, [min, max, greedy]: [number, number, boolean], text: string, at: number, next: Next) {
    if (greedy && SINGLES.has(node.type)) return this.run(node, min, max, text, at, next);
    const more = (count: number, from: number): boolean => {
      const again = () => count < max && this.match(node, text, from, (end) => end > from && more(count + 1, end));
      const enough = () => count >= min && next(from);
      return greedy ? again() || enough() : enough() || again();
    };
    return more(0, at);
  }

  /** The same for single characters, without a call deep for each. */
  private run(node: AstNode, min: number, max: number, text: string, at: number, next: Next): boolean {
    let count = 0;
    while (count < max && at + count < text.length && this.takes(node, text[at + count]!)) count++;
    this.steps += count + 1;
    for (; count >= min; count--) {
      this.steps++;
      if (next(at + count)) return true;
    }
    return false;
  }

  private holds(node: Node, text: string, at: number): boolean {
    const {
      kind,
      negative = false,
      assertion,
    } = node as unknown as {
      kind: string;
      negative?: boolean;
      assertion: AstNode;
    };
    if (kind === '^') return at === 0;
    if (kind === '$') return at === text.length;
    if (kind === '\\b') return /\w/.test(text[at - 1] ?? ' ') !== /\w/.test(text[at] ?? ' ');
    if (kind === 'Lookahead') return this.match(assertion, text, at, () => true) !== negative;
    let found = false;
    for (let from = at; !found && from >= Math.max(0, at - LOOKBEHIND_REACH); from--) {
      found = this.match(assertion, text, from, (end) => end === at);
    }
    return found !== negative;
  }

  /** Whether a node for one character takes this one; asked of the real engine once. */
  private takes(node: AstNode, character: string): boolean {
    const known = this.taken.get(node) ?? new Map<string, boolean>();
    this.taken.set(node, known);
    let takes = known.get(character);
    if (takes === undefined) {
      takes = new RegExp(`^${regexpTree.generate(node)}$`, `${this.flags}s`).test(character);
      known.set(character, takes);
    }
    return takes;
  }
}

function limitsOf(quantifier: Node): [min: number, max: number, greedy: boolean] {
  const { kind, from, to, greedy } = quantifier as unknown as {
    kind: string;
    from?: number;
    to?: number;
    greedy: boolean;
  };
  const least = { '*': 0, '+': 1, '?': 0 }[kind] ?? from ?? 0;
  const most = kind === '?' ? 1 : (to ?? Number.POSITIVE_INFINITY);
  return [least, kind === 'Range' || kind === '?' ? most : Number.POSITIVE_INFINITY, greedy];
}
