// resk usage prints what the server tells, as a table or as CSV, of the tenant that was asked for.
import jwt from 'jsonwebtoken';
import { expect, test } from 'vitest';
import { apiDouble, problem, type Reply } from './api-double.js';
import { resk } from './command-line.js';

const amount = (calls: number, tokens: number, money: string | null) => ({ calls, tokens, money });
const row = {
  at: '2026-11-21T00:00:00Z',
  provider: 'openai',
  model: 'acme',
  spent: amount(2, 1200, '0.000024'),
  avoided: amount(10, 6000, '0.00012'),
  uncertain: amount(0, 0, '0.00'),
};
const report = { tenant: 'north', by: 'day', currency: 'USD', rows: [row], totals: { ...row } };

async function asking(argv: string[], reply: Reply = { body: report }) {
  const double = await apiDouble(() => reply);
  const outcome = await resk(['usage', '--url', double.url, ...argv]);
  const [asked] = double.asked;
  const { searchParams } = new URL(asked?.path ?? '/', double.url);
  const claims = jwt.decode(asked?.authorization?.slice(7) ?? '') as { tenant?: string; scope?: string } | null;
  return { ...outcome, parameters: Object.fromEntries(searchParams), claims };
}

test('prints a table with a line for each day and model, and the totals', async () => {
  const { code, out, parameters, claims } = await asking([]);
  expect(code).toBe(0);
  expect(out.split('\n')).toEqual([
    'Usage of north',
    '  day         provider  model  spent  tokens       USD  avoided  tokens      USD  uncertain  tokens   USD',
    '  2026-11-21    openai   acme      2    1200  0.000024       10    6000  0.00012          0       0  0.00',
    '  total                            2    1200  0.000024       10    6000  0.00012          0       0  0.00',
    '',
  ]);
  expect(parameters).toEqual({ by: 'day' });
  expect(claims).toMatchObject({ tenant: 'default', scope: 'usage:read' });
});

test('money without a price is a dash, and hours have their time', async () => {
  const unpriced = { ...row, at: '2026-11-21T05:00:00Z', spent: amount(1, 5, null) };
  const { out } = await asking(['--by', 'hour'], {
    body: { ...report, by: 'hour', currency: null, rows: [unpriced], totals: unpriced },
  });
  expect(out).toMatch(/^ {2}2026-11-21T05:00 +openai +acme +1 +5 +- /m);
});

test('asks for the time and the tenant that are named, with a token of that tenant', async () => {
  const { parameters, claims } = await asking(['--from', '2026-11-01', '--to', '2026-12-01', '--tenant', 'south']);
  expect(parameters).toEqual({ from: '2026-11-01', to: '2026-12-01', by: 'day' });
  expect(claims).toMatchObject({ tenant: 'south', scope: 'usage:read' });
});

test('with a token that is given, the tenant is asked of the server', async () => {
  const { parameters } = await asking(['--tenant', 'south', '--token', 'a.b.c']);
  expect(parameters).toEqual({ by: 'day', tenant: 'south' });
});

test('what the server spends for itself is asked as its operator', async () => {
  const { parameters, claims } = await asking(['--tenant', '~service']);
  expect(parameters).toEqual({ by: 'day', tenant: '~service' });
  expect(claims).toMatchObject({ tenant: 'default', scope: 'usage:read admin' });
});

test('prints CSV as the server sends it', async () => {
  const { out, parameters } = await asking(['--csv'], { text: 'at,provider\r\n' });
  expect(out).toBe('at,provider\r\n');
  expect(parameters).toEqual({ by: 'day', format: 'csv' });
});

test('says why the server refused, and what cannot be meant', async () => {
  const refused = await asking(['--csv', '--tenant', 'south', '--token', 'a.b.c'], problem('auth.operator', 403));
  expect(refused.code).not.toBe(0);
  expect(refused.err).toContain('[auth.operator]');
  const odd = await asking(['--by', 'week']);
  expect(odd.err).toContain('It must be day or hour.');
});
