// resk usage: what a tenant has spent and what hits have avoided, as a table or as CSV.
import { type Command, InvalidArgumentError } from 'commander';
import { SERVICE_ACCOUNT } from '#ports';
import type { UsageAmount, UsageReport } from '#usage';
import type { ApiClient } from '../api-client.js';
import type { Io } from '../io.js';
import { table } from '../numbers.js';
import { type ServerOptions, withServerOptions } from '../options.js';
import { withServer } from '../server-access.js';

interface UsageOptions extends ServerOptions {
  from?: string;
  to?: string;
  by: 'hour' | 'day';
  tenant?: string;
  csv?: boolean;
}

export function usageCommand(program: Command, io: Io): void {
  const command = program
    .command('usage')
    .summary('what was spent and what was avoided')
    .description(
      'Prints tokens and money by day or hour (UTC) and model: spent, avoided by hits, and uncertain (sent and never answered). Money: at the prices of the server.',
    )
    .option('--from <time>', 'first day or time, e.g. 2026-11-01 (default: 30 days, or 24 hours, before --to)')
    .option('--to <time>', 'up to this day or time, without it (default: now)')
    .option('--by <period>', 'day or hour', period, 'day')
    .option('--tenant <name>', 'another tenant than that of the token; ~service is what the server spends for itself')
    .option('--csv', 'print CSV');
  withServerOptions(command, '60s').action((options: UsageOptions) => show(options, io));
}

async function show(options: UsageOptions, io: Io): Promise<void> {
  const { tenant, csv } = options;
  // A token that is minted here can be the tenant's own; only what is nobody's needs an operator.
  const own = tenant !== SERVICE_ACCOUNT;
  const scopes = own ? (['usage:read'] as const) : (['usage:read', 'admin'] as const);
  const need = { scopes, connections: 1, ...(own && tenant !== undefined && { tenant }) };
  await withServer(options, need, io, async (client, { minted }) => {
    const path = pathOf(options, minted && own);
    io.stdout.write(csv ? await client.getText(path, io.signal) : await tableOf(client, path, io));
  });
}

function pathOf({ from, to, by, tenant, csv }: UsageOptions, own: boolean): string {
  const asked = { from, to, by, tenant: own ? undefined : tenant, format: csv ? 'csv' : undefined };
  const given = Object.entries(asked).filter((one): one is [string, string] => one[1] !== undefined);
  return `/api/usage?${new URLSearchParams(given).toString()}`;
}

async function tableOf(client: ApiClient, path: string, io: Io): Promise<string> {
  const { tenant, rows, totals, currency, by } = await client.get<UsageReport>(path, io.signal);
  const lines = [
    [by, 'provider', 'model', ...titles(currency)],
    ...rows.map((row) => [row.at.slice(0, by === 'day' ? 10 : 16), row.provider, row.model, ...numbers(row)]),
    ['total', '', '', ...numbers(totals)],
  ];
  return `Usage of ${tenant}\n${table(lines)}\n`;
}

const SORTS = ['spent', 'avoided', 'uncertain'] as const;

function titles(currency: string | null): string[] {
  return SORTS.flatMap((sort) => [sort, 'tokens', currency ?? 'money']);
}

function numbers(amounts: Record<(typeof SORTS)[number], UsageAmount>): string[] {
  return SORTS.flatMap((sort) => [
    String(amounts[sort].calls),
    String(amounts[sort].tokens),
    amounts[sort].money ?? '-',
  ]);
}

function period(text: string): 'hour' | 'day' {
  if (text === 'hour' || text === 'day') return text;
  throw new InvalidArgumentError('It must be day or hour.');
}
