// Findings as a whole: in order, without overlaps, and what a text is without them.
import type { Finding } from '#ports';

/**
 * In the order of the text. Of findings that overlap, the one that begins first stays, of those the longest, and grows
 * over the others, so that nothing of them is left; a secret gives its name before personal data.
 */
export function withoutOverlaps(findings: readonly Finding[]): Finding[] {
  const sorted = findings.toSorted((a, b) => a.start - b.start || b.end - a.end);
  const kept: Finding[] = [];
  for (const one of sorted) {
    const last = kept.at(-1);
    if (!last || one.start >= last.end) kept.push(one);
    else kept[kept.length - 1] = joined(last, one);
  }
  return kept;
}

/** The text with each finding replaced. They must be in order and not overlap. */
export function replaced(text: string, findings: readonly Finding[], by: (finding: Finding) => string): string {
  let [result, at] = ['', 0];
  for (const one of findings) {
    result += text.slice(at, one.start) + by(one);
    at = one.end;
  }
  return result + text.slice(at);
}

function joined(first: Finding, second: Finding): Finding {
  const named = first.sort === 'personal' && second.sort === 'secret' ? second : first;
  return { kind: named.kind, sort: named.sort, start: first.start, end: Math.max(first.end, second.end) };
}
