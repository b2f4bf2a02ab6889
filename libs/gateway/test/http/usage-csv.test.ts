// A report as CSV: one line a row, nothing of it a formula, whatever a model is called.
import { parse } from 'csv-parse/sync';
import { expect, test } from 'vitest';
import type { UsageReport } from '#usage';
import { usageCsv } from '../../src/http/usage-csv.js';

const amount = (tokens: number, money: string | null = null) => ({ calls: 1, tokens, money });
const aReport = (provider: string, model: string, currency: string | null = 'USD'): UsageReport => {
  const amounts = { spent: amount(1, '0.02'), avoided: amount(2), uncertain: amount(3) };
  const at = '2026-11-21T00:00:00Z';
  return { tenant: 'north', by: 'day', currency, rows: [{ at, provider, model, ...amounts }], totals: amounts };
};

test('has a header and a line for each row', () => {
  expect(usageCsv(aReport('openai', 'acme'))).toBe(
    'at,provider,model,spent_calls,spent_tokens,spent_money,avoided_calls,avoided_tokens,avoided_money,' +
      'uncertain_calls,uncertain_tokens,uncertain_money,currency\r\n' +
      '2026-11-21T00:00:00Z,openai,acme,1,1,0.02,1,2,,1,3,,USD\r\n',
  );
  expect(usageCsv({ ...aReport('openai', 'acme', null), rows: [] })).toMatch(/^at,.*currency\r\n$/);
});

test.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1'])('a name that begins like a formula is text: %j', (name) => {
  const [row] = parse<Record<string, string>>(usageCsv(aReport(name, name)), { columns: true });
  expect([row!.provider, row!.model]).toEqual([`'${name}`, `'${name}`]);
});

test('names with commas, quotes and line ends are read back as they are', () => {
  const name = 'a,"b"\nc';
  const [row] = parse<Record<string, string>>(usageCsv(aReport('openai', name, null)), { columns: true });
  expect(row).toMatchObject({ model: name, currency: '' });
});
