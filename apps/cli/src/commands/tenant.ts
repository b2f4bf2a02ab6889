// resk tenant: makes all data of a tenant unreadable for ever, and keeps the proof.
import type { Command } from 'commander';
import { failure } from '#ports';
import type { ShredReceipt } from '#query';
import type { Io } from '../io.js';
import { count } from '../numbers.js';
import { type ServerOptions, withServerOptions } from '../options.js';
import { withServer } from '../server-access.js';

interface ShredOptions extends ServerOptions {
  yes?: boolean;
}

const NEED = { scopes: ['admin'] as const, connections: 1 };

export function tenantCommand(program: Command, io: Io): void {
  const tenant = program.command('tenant').summary('make all data of a tenant unreadable');
  withServerOptions(
    tenant
      .command('shred')
      .summary('destroy the data keys of a tenant')
      .description(
        'Destroys the data keys of a tenant: nothing sealed under them opens again, wherever a copy of it lies. Prints the signed receipt; resk receipt verify checks it.',
      )
      .argument('<name>', 'the tenant')
      .option('--yes', 'really do it: it cannot be undone'),
    '60s',
  ).action((name: string, options: ShredOptions) => shred(name, options, io));
}

async function shred(name: string, options: ShredOptions, io: Io): Promise<void> {
  if (!options.yes) throw failure('cli.usage', { reason: `this destroys all data of ${name} for ever; add --yes` });
  await withServer(options, NEED, io, async (client) => {
    const path = `/api/admin/tenants/${encodeURIComponent(name)}/shred`;
    const receipt = await client.post<ShredReceipt>(path, undefined, io.signal);
    io.stdout.write(`${JSON.stringify(receipt, null, 2)}\n`);
    io.stderr.write(`${toldOf(receipt)}\n`);
    const { readable } = receipt.proof;
    if (readable > 0) throw failure('crypto.shred_unproven', { readable });
  });
}

function toldOf({ tenant, destroyed, proof }: ShredReceipt): string {
  const { dataKeys, entries, documents, atLeast } = destroyed;
  const answers = `${atLeast ? 'at least ' : ''}${count(entries)} answers and ${count(documents)} documents`;
  return [
    `${count(dataKeys)} data keys of ${tenant} destroyed, and with them ${answers}.`,
    `Tried to read ${count(proof.tried)} of them: ${count(proof.readable)} could be read.`,
  ].join('\n');
}
