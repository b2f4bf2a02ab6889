// Looks through texts for secrets; a finding tells where it is and never what it is.
import { lintSource } from '@secretlint/core';
import { NO_SECRETS, type NoSecret, RULES } from './secret-rules.js';

export interface Text {
  /** Where a reader finds it: `libs/a.ts`, or `libs/a.ts in 1a2b3c4`. */
  at: string;
  content: string;
}

export interface Leak {
  at: string;
  line: number;
  kind: string;
}

/** @param allowed values that are no secrets; the project's own list unless given */
export async function leaksIn({ at, content }: Text, allowed: readonly NoSecret[] = NO_SECRETS): Promise<Leak[]> {
  const { messages } = await lintSource({
    source: { filePath: at, content, contentType: 'text' },
    options: { config: RULES, noPhysicFilePath: true, maskSecrets: true },
  });
  return messages
    .filter(({ range: [from, to] }) => !allowed.some(({ value }) => content.slice(from, to).includes(value)))
    .map(({ loc, ruleId, messageId }) => ({
      at,
      line: loc.start.line,
      kind: `${messageId} (${ruleId.split('/').at(-1)})`,
    }));
}

/** Pictures and programs have no lines; what begins like one is not read. */
export function isText(content: Buffer): boolean {
  return !content.subarray(0, 8000).includes(0);
}
