// docs/FAILURES.md: every code that a reply, a socket or the command line may name.
import type { FailureEntry } from '#ports';
import { table } from './described.js';

const INTRODUCTION = `<!-- Made by npm run generate from libs/ports/src/failure-codes.ts. Do not edit. -->
# Failures

Every failure has a stable \`code\`. HTTP replies carry it in an \`application/problem+json\` body (RFC 9457) with \`type\`, \`title\`,
\`status\`, \`detail\`, \`correlationId\` and, for input, \`errors\` field by field; sockets send \`{ "error": { "code", "detail" } }\`.
The kind says how to react: \`unavailable\`, \`late\` and \`exhausted\` may succeed later, the others not without a change.
Words in braces stand for facts of the case.`;

export function failuresDocument(failures: Record<string, FailureEntry>, statusOf: (code: string) => number): string {
  const groups = Map.groupBy(Object.entries(failures), ([code]) => code.slice(0, code.indexOf('.')));
  const chapters = [...groups].map(([area, entries]) => {
    const rows = entries.map(([code, { kind, title, detail }]) => [
      `\`${code}\``,
      kind,
      String(statusOf(code)),
      title,
      detail,
    ]);
    return `## ${area}\n\n${table(['Code', 'Kind', 'Status', 'Title', 'Detail'], rows)}`;
  });
  return `${[INTRODUCTION, ...chapters].join('\n\n')}\n`;
}
