// resk privacy: shows all that a tenant keeps about a person, and erases it.
import type { Command } from 'commander';
import { failure } from '#ports';
import type { ExportPage, Receipt } from '#query';
import type { ApiClient } from '../api-client.js';
import type { Io } from '../io.js';
import { count } from '../numbers.js';
import { type ServerOptions, withServerOptions } from '../options.js';
import { withServer } from '../server-access.js';

interface PrivacyOptions extends ServerOptions {
  tenant: string;
}

interface EraseOptions extends PrivacyOptions {
  yes?: boolean;
}

type Page = Omit<ExportPage, 'cursor'> & { cursor: string | null };

const PAGE = 100;

export function privacyCommand(program: Command, io: Io): void {
  const privacy = program.command('privacy').summary('show or erase what is kept about a person');
  withPrivacyOptions(
    privacy
      .command('export')
      .summary('print all that is kept about a person as JSON Lines')
      .description('Prints each cached answer, document and kept reply about the person as one line of JSON.')
      .argument('<subject>', 'the person, as writes name them'),
  ).action((subject: string, options: PrivacyOptions) => exportAll(subject, options, io));
  withPrivacyOptions(
    privacy
      .command('erase')
      .summary('erase all that is kept about a person, and print the receipt')
      .description(
        'Erases for good, on every instance, and prints a signed receipt: keep it. Check it with resk receipt verify.',
      )
      .argument('<subject>', 'the person, as writes name them')
      .option('--yes', 'really erase: it cannot be undone'),
  ).action((subject: string, options: EraseOptions) => erase(subject, options, io));
}

function withPrivacyOptions(command: Command): Command {
  const described = command.option('--tenant <name>', 'tenant of the token, where one is minted', 'default');
  return withServerOptions(described, '60s');
}

async function exportAll(subject: string, options: PrivacyOptions, io: Io): Promise<void> {
  let items = 0;
  await withPrivacy(options, io, async (client) => {
    for (let cursor: string | null = ''; cursor !== null; ) {
      const from: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const page: Page = await client.get(`${pathOf(subject)}?limit=${PAGE}${from}`, io.signal);
      for (const one of page.items) io.stdout.write(`${JSON.stringify(one)}\n`);
      items += page.items.length;
      cursor = page.cursor;
    }
  });
  io.stderr.write(`${count(items)} items\n`);
}

async function erase(subject: string, options: EraseOptions, io: Io): Promise<void> {
  if (!options.yes) throw failure('cli.usage', { reason: 'What is erased is gone for good. Add --yes to erase it.' });
  await withPrivacy(options, io, async (client) => {
    const receipt = await client.delete<Receipt>(pathOf(subject), io.signal);
    io.stdout.write(`${JSON.stringify(receipt, null, 2)}\n`);
    const { entries, documents, idempotency } = receipt.erased;
    io.stderr.write(
      `erased: ${count(entries)} answers, ${count(documents)} documents, ${count(idempotency)} kept replies. Keep the receipt.\n`,
    );
  });
}

function withPrivacy(options: PrivacyOptions, io: Io, talk: (client: ApiClient) => Promise<void>): Promise<void> {
  return withServer(options, { scopes: ['privacy'], connections: 1, tenant: options.tenant }, io, talk);
}

function pathOf(subject: string): string {
  return `/api/privacy/subjects/${encodeURIComponent(subject)}`;
}
