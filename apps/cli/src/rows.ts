// Reads CSV and JSON Lines files row by row, never the whole file, and tells apart what is readable from what is not.
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { type CsvError, type Info, parse } from 'csv-parse';
import { failure, type JsonObject } from '#ports';
import { kindOf, unreadable } from './files.js';

/** One row. `row` counts as a spreadsheet or editor does: the first line of the file is row 1. */
export interface Row {
  row: number;
  /** Bytes of the file since the row before, for progress. */
  bytes: number;
  values: JsonObject;
}

/** A row that cannot be read. The rows after it are. */
export interface BadRow {
  row: number;
  bytes: number;
  reason: string;
}

export interface TextSource {
  /** Column that must be there, with the option that names another. */
  column: string;
  option: string;
}

/** Size of a file in bytes; 0 for a pipe. */
export async function sizeOf(file: string): Promise<number> {
  try {
    const found = await stat(file);
    if (found.isDirectory()) throw failure('cli.file_unreadable', { file, reason: 'it is a folder' });
    return found.size;
  } catch (error) {
    throw unreadable(file, error);
  }
}

/** The rows of a file: JSON Lines by its ending (.jsonl, .ndjson), else CSV with a header. UTF-8, with or without BOM. */
export async function* rowsOf(file: string, ...sources: TextSource[]): AsyncGenerator<Row | BadRow> {
  try {
    yield* kindOf(file) === 'jsonl' ? jsonRows(file) : csvRows(file, sources);
  } catch (error) {
    throw unreadable(file, error);
  }
}

async function* csvRows(file: string, sources: readonly TextSource[]): AsyncGenerator<Row | BadRow> {
  // Column counts are checked here, not by the parser: a short row is one bad row, not the end of the file.
  const parser = parse({ bom: true, info: true, skip_empty_lines: true, relax_column_count: true });
  const reading = createReadStream(file).on('error', (error) => parser.destroy(error));
  let columns: string[] | undefined;
  let bytesBefore = 0;
  try {
    for await (const { info, record } of reading.pipe(parser) as AsyncIterable<{ info: Info; record: string[] }>) {
      if (columns) {
        yield csvRow(columns, record, info.records + info.empty_lines, info.bytes - bytesBefore);
        bytesBefore = info.bytes;
      } else columns = header(file, record, sources);
    }
  } catch (error) {
    throw csvProblem(file, error as Partial<CsvError & Info>);
  } finally {
    reading.destroy();
  }
}

function header(file: string, columns: string[], sources: readonly TextSource[]): string[] {
  const trimmed = columns.map((name) => name.trim());
  for (const { column, option } of sources) {
    if (trimmed.includes(column)) continue;
    throw failure('cli.column_absent', { file, column, columns: trimmed.join(', '), option });
  }
  return trimmed;
}

function csvRow(columns: string[], fields: string[], row: number, bytes: number): Row | BadRow {
  if (fields.length !== columns.length) {
    return { row, bytes, reason: `it has ${fields.length} fields where the header has ${columns.length}` };
  }
  return decoded({ row, bytes, values: Object.fromEntries(columns.map((name, at) => [name, fields[at] as string])) });
}

function csvProblem(file: string, error: Partial<CsvError & Info>): unknown {
  if (error.records === undefined) return error;
  // The parser's own message quotes the file; its code says the same without.
  const reason = String(error.code).toLowerCase().replace(/^csv_/, '').replaceAll('_', ' ');
  return failure(
    'cli.file_invalid',
    { file, row: error.records + (error.empty_lines ?? 0) + 1, reason },
    { cause: error },
  );
}

async function* jsonRows(file: string): AsyncGenerator<Row | BadRow> {
  let row = 0;
  for await (const line of linesOf(file)) {
    row++;
    const bytes = Buffer.byteLength(line) + 1;
    const text = row === 1 ? line.replace(/^\uFEFF/, '') : line;
    if (text.trim() !== '') yield jsonRow(text, row, bytes);
  }
}

function jsonRow(line: string, row: number, bytes: number): Row | BadRow {
  try {
    const values: unknown = JSON.parse(line);
    if (typeof values === 'object' && values !== null && !Array.isArray(values)) {
      return decoded({ row, bytes, values: values as JsonObject });
    }
  } catch {
    return { row, bytes, reason: 'it is not valid JSON' };
  }
  return { row, bytes, reason: 'it is not a JSON object' };
}

// Not node:readline: it also breaks at U+2028, which JSON texts may hold as it is.
async function* linesOf(file: string): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of createReadStream(file, { encoding: 'utf8' })) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() as string;
    yield* lines;
  }
  if (rest !== '') yield rest;
}

/** Bytes that are no UTF-8 arrive as U+FFFD: kept, they would be searched and answered for ever. */
function decoded(row: Row): Row | BadRow {
  if (!JSON.stringify(row.values).includes('\uFFFD')) return row;
  return { row: row.row, bytes: row.bytes, reason: 'it is not UTF-8 (save the file as UTF-8)' };
}
