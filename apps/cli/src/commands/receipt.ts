// resk receipt: checks that a receipt of erasure was signed by the service, and says what this one says.
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { failure } from '#ports';
import type { Receipt, ReceiptProblem } from '#query';
import type { Io } from '../io.js';
import { count } from '../numbers.js';
import { type ServerOptions, withServerOptions } from '../options.js';
import { withServer } from '../server-access.js';
import { type Jwk, keysOf } from '../signing-keys.js';

interface VerifyOptions extends ServerOptions {
  keys?: string;
  subject?: string;
}

/** Of an erasure, or of a tenant's shredding. */
type AnyReceipt = Pick<Receipt, 'receiptId' | 'tenant' | 'at' | 'keyId'> & {
  action: string;
  erased?: Record<string, unknown>;
  destroyed?: Record<string, unknown>;
};

export function receiptCommand(program: Command, io: Io): void {
  const receipt = program.command('receipt').summary('check a receipt of erasure or shredding');
  withServerOptions(
    receipt
      .command('verify')
      .summary('check the signature of a receipt')
      .description(
        'Says what the receipt says, where it was signed by the service and not altered since. Ends with exit code 2 where not.',
      )
      .argument('<file>', 'a receipt, as resk privacy erase or the API gave it')
      .option('--keys <file>', 'the public keys as a JSON Web Key Set (default: asked of the server)')
      .option('--subject <name>', 'check also that the receipt is about this person'),
    '60s',
  ).action((file: string, options: VerifyOptions) => verify(file, options, io));
}

async function verify(file: string, options: VerifyOptions, io: Io): Promise<void> {
  const receipt = await receiptIn(file);
  // Loaded here alone: the room behind it is large, and other commands do without.
  const { receiptProblem } = await import('#query');
  const judge = (keys: readonly Jwk[]) => report(receipt, file, receiptProblem(receipt, keys, options.subject), io);
  if (options.keys !== undefined) return judge(await keysOf(options.keys));
  // Any valid token may read the public keys.
  await withServer(options, { scopes: [], connections: 1 }, io, async (client) =>
    judge(await keysOf(undefined, client)),
  );
}

async function receiptIn(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw failure('cli.file_unreadable', { file, reason: cause.code ?? 'unknown error' }, { cause });
  });
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function report(receipt: unknown, file: string, problem: ReceiptProblem | undefined, io: Io): void {
  if (problem) throw failure('cli.receipt_refused', { file, reason: MEANING[problem] });
  const { receiptId, action, tenant, at, erased, destroyed = erased, keyId } = receipt as AnyReceipt;
  const numbers = Object.entries(destroyed ?? {}).filter(([, one]) => typeof one === 'number') as [string, number][];
  io.stdout.write(
    `genuine: receipt ${receiptId}, signed by key ${keyId}\n` +
      `${action} of tenant ${tenant} at ${at}: ${numbers.map(([name, one]) => `${name} ${count(one)}`).join(', ')}\n`,
  );
}

const MEANING: Record<ReceiptProblem, string> = {
  malformed: 'it is not a receipt',
  unknown_key: 'the key that signed it is not among the keys given',
  altered: 'it was altered, or signed by another',
  other_subject: 'it is about another person',
};
