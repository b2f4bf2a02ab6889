// Turns the blocks of one document into the steps of one session at a terminal.
import type { Document } from './documents.js';
import { type Fence, fateOf } from './fences.js';

export interface Step {
  kind: 'run' | 'server' | 'fails' | 'file' | 'stop' | 'kill';
  line: number;
  text: string;
  /** Of a file. */
  name?: string;
  /** What the document shows as the reply. */
  reply?: { form: 'json' | 'text'; text: string; line: number };
}

/** A line that begins so ends the servers of the blocks before it, as the reader does: by SIGTERM, or by SIGKILL. */
const ENDING = /^(?:\d+\. |[-*] )?(?<verb>Stop|Kill) the server\b/;

/** Whether a document has a command that is run. */
export function isPlayed({ fences }: Pick<Document, 'fences'>): boolean {
  return fences.some(({ language, words }) => language === 'sh' && ['', 'server', 'fails'].includes(words.join(' ')));
}

/** Throws where a fence is none of ours. */
export function stepsOf({ text, fences }: Pick<Document, 'text' | 'fences'>): Step[] {
  const steps = [...fences.flatMap((fence) => stepOf(fence)), ...endings(text, fences)];
  steps.sort((a, b) => a.line - b.line);
  for (const fence of fences) attachReply(fence, fences, steps);
  return steps;
}

function stepOf(fence: Fence): Step[] {
  const fate = fateOf(fence);
  const { line, text } = fence;
  if (fate.kind === 'file') return [{ kind: 'file', line, text, name: fate.name }];
  if (fate.kind === 'run' || fate.kind === 'server' || fate.kind === 'fails') return [{ kind: fate.kind, line, text }];
  return [];
}

function endings(text: string, fences: readonly Fence[]): Step[] {
  const fenced = (line: number) =>
    fences.some((fence) => line > fence.line && line <= fence.line + fence.text.split('\n').length);
  return text.split('\n').flatMap((words, index): Step[] => {
    const verb = ENDING.exec(words)?.groups?.verb;
    if (!verb || fenced(index + 1)) return [];
    return [{ kind: verb === 'Stop' ? 'stop' : 'kill', line: index + 1, text: '' }];
  });
}

function attachReply(fence: Fence, fences: readonly Fence[], steps: readonly Step[]): void {
  const fate = fateOf(fence);
  if (fate.kind !== 'reply') return;
  const before = fences[fences.indexOf(fence) - 1];
  const step = steps.find(({ line, kind }) => line === before?.line && (kind === 'run' || kind === 'fails'));
  if (!step) throw new Error(`line ${fence.line}: a reply follows the block that is run, and shows what it printed`);
  step.reply = { form: fate.form, text: fence.text, line: fence.line };
}
