// Reads what was asked in the past: answers that are known, or questions alone with how often they came.
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { failure, type JsonObject } from '#ports';
import { kindOf, unreadable } from './files.js';
import { rowsOf } from './rows.js';

/** An answer, as POST /api/cache takes it. */
export interface Known {
  row: number;
  entry: JsonObject;
}

export interface AskedBefore {
  /** First row in which it was asked. */
  row: number;
  question: JsonObject;
  times: number;
}

export interface PastQuestions {
  answers: Known[];
  questions: AskedBefore[];
  refused: { row: number; reason: string }[];
}

/** Columns of a table, or members of JSON Lines, that say which question it is. */
const NAMING = ['language', 'model', 'params'];
/** Those that an answer may have besides. Numbers of a CSV are texts there. */
const OF_ANSWERS = ['response', 'ttl', 'staleTtl', 'tags', 'subject', 'source'];
const NUMBERS = new Set(['ttl', 'staleTtl']);

/**
 * Rows with a `response` are answers; of the others each question counts once, however often it came. A file that ends
 * in .txt, .text or .log is a question a line.
 */
export async function pastQuestions(file: string, column: string): Promise<PastQuestions> {
  const answers: Known[] = [];
  const refused: PastQuestions['refused'] = [];
  const asked = new Map<string, AskedBefore>();
  for await (const row of rows(file, column)) {
    if ('reason' in row) {
      refused.push({ row: row.row, reason: row.reason });
      continue;
    }
    const query = row.values[column];
    if (typeof query !== 'string' || query.trim() === '') {
      refused.push({ row: row.row, reason: `it has no question in ${column}` });
    } else if (isGiven(row.values.response)) {
      answers.push({ row: row.row, entry: { query, ...picked(row.values, [...NAMING, ...OF_ANSWERS]) } });
    } else count(asked, { query, ...picked(row.values, NAMING) }, row.row);
  }
  const questions = [...asked.values()].sort((a, b) => b.times - a.times);
  if (answers.length + questions.length + refused.length > 0) return { answers, questions, refused };
  throw failure('cli.file_invalid', { file, row: 1, reason: `no question in the column ${column}` });
}

function count(asked: Map<string, AskedBefore>, question: JsonObject, row: number): void {
  const name = JSON.stringify(question);
  const known = asked.get(name);
  if (known) known.times++;
  else asked.set(name, { row, question, times: 1 });
}

function picked(values: JsonObject, names: readonly string[]): JsonObject {
  const given = names.filter((name) => isGiven(values[name]));
  return Object.fromEntries(given.map((name) => [name, NUMBERS.has(name) ? numberOf(values[name]!) : values[name]!]));
}

/** An empty field of a CSV is none. */
function isGiven(value: unknown): boolean {
  return value !== undefined && value !== '';
}

/** What is no number stays as it is: the server says so, and names the row. */
function numberOf(value: JsonObject[string]) {
  const number = typeof value === 'string' ? Number(value) : value;
  return Number.isNaN(number) ? value : number;
}

function rows(file: string, column: string) {
  const isLog = kindOf(file) === 'plain' || file.toLowerCase().endsWith('.log');
  return isLog ? linesOf(file, column) : rowsOf(file, { column, option: '--column' });
}

async function* linesOf(file: string, column: string) {
  let row = 0;
  try {
    for await (const line of createInterface({ input: createReadStream(file, 'utf8'), crlfDelay: Infinity })) {
      row++;
      if (line.trim() !== '') yield { row, bytes: 0, values: { [column]: line.trim() } as JsonObject };
    }
  } catch (error) {
    throw unreadable(file, error);
  }
}
