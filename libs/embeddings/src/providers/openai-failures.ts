// What the refusals of an OpenAI-compatible endpoint mean. https://platform.openai.com/docs/guides/error-codes
import { type Meaning, parsed } from './vendor-failures.js';

/** What an error body says. Compatible servers differ in where they say it; all of it may be missing. */
interface Complaint {
  message: string;
  param: string;
  code: string;
}

/** Azure says the same with codes of its own: https://learn.microsoft.com/azure/ai-foundry/openai/reference */
export function openAiMeaning(status: number, body: string, count: number): Meaning {
  const complaint = complaintOf(body);
  if (status === 401 || status === 403) return 'unauthorised';
  if (status === 429 && complaint.code === 'insufficient_quota') return 'exhausted';
  if (status === 413 || ((status === 400 || status === 422) && isAboutInput(complaint)))
    return { refusedInput: positionIn(complaint, count) };
  return { reason: /^\w{1,64}$/.test(complaint.code) ? `status ${status}, ${complaint.code}` : `status ${status}` };
}

function isAboutInput({ message, param, code }: Complaint): boolean {
  if (param !== '') return /^\$?\.?input\b/.test(param);
  return (
    code === 'context_length_exceeded' ||
    code === 'content_filter' ||
    /\binputs?\b|context length|maximum.{0,40}tokens/i.test(message)
  );
}

/** Which text is meant, where that is said (`$.input[3]`, `input.3`), or `unknown`. */
function positionIn({ message, param }: Complaint, count: number): number | 'unknown' {
  const position = Number(/input(?:\[|\.)(\d{1,4})/.exec(`${param} ${message}`)?.[1] ?? Number.NaN);
  if (position < count) return position;
  return count === 1 ? 0 : 'unknown';
}

function complaintOf(body: string): Complaint {
  const said = parsed(body) as { error?: unknown } | null | undefined;
  const inner = said?.error ?? said;
  const fields = (typeof inner === 'string' ? { message: inner } : inner) as Partial<Complaint> | null | undefined;
  const text = (value: unknown) => (typeof value === 'string' ? value : '');
  return { message: text(fields?.message), param: text(fields?.param), code: text(fields?.code) };
}
