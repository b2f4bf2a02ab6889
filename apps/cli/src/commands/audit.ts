// resk audit: keeps the audit log elsewhere, and finds what was removed from it or altered in it.
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import { verifySignature } from '#crypto';
import { type AuditVerdict, AuditVerifier, type CheckSignature } from '#observability';
import { failure } from '#ports';
import type { ApiClient } from '../api-client.js';
import type { Io } from '../io.js';
import { type ServerOptions, withServerOptions } from '../options.js';
import { withServer } from '../server-access.js';
import { type Jwk, keysOf } from '../signing-keys.js';

interface VerifyOptions extends ServerOptions {
  expect?: { n: number; hash: string };
  keys?: string;
}

interface AuditPage {
  lines: Array<{ number: number; line: string }>;
  next: number | null;
}

const PAGE = 500;
const NEED = { scopes: ['admin'] as const, connections: 1 };

export function auditCommand(program: Command, io: Io): void {
  const audit = program.command('audit').summary('read and verify the audit log');
  withServerOptions(
    audit
      .command('export')
      .summary('print the audit log as JSON Lines')
      .description('Prints every line of the audit log as it is kept, to be stored where the server cannot reach it.'),
    '60s',
  ).action((options: ServerOptions) => exportLog(options, io));
  withServerOptions(
    audit
      .command('verify')
      .summary('find lines that were removed or altered')
      .description(
        'Verifies numbers, hashes, links and signatures, of an exported file or of the log of the server. Ends with exit code 1 where anything is wrong.',
      )
      .argument('[file]', 'a file that resk audit export wrote (default: the log of the server)')
      .option('--expect <n:hash>', 'a head kept elsewhere: the log must contain this line', head)
      .option('--keys <file>', 'the public keys as a JSON Web Key Set (default: asked of the server)'),
    '60s',
  ).action((file: string | undefined, options: VerifyOptions) => verify(file, options, io));
}

async function exportLog(options: ServerOptions, io: Io): Promise<void> {
  await withServer(options, NEED, io, async (client) => {
    for await (const line of linesOfServer(client, io)) io.stdout.write(`${line}\n`);
  });
}

async function verify(file: string | undefined, options: VerifyOptions, io: Io): Promise<void> {
  const { keys, expect: expected } = options;
  const offline = file !== undefined && keys !== undefined;
  const judge = async (lines: AsyncIterable<string>, jwks: readonly Jwk[]) => {
    const verifier = new AuditVerifier({ expected, checkSignature: checkedBy(jwks) });
    for await (const line of lines) verifier.read(line);
    report(verifier.verdict(), io);
  };
  if (offline) return judge(linesOfFile(file), await keysOf(keys));
  await withServer(options, NEED, io, async (client) =>
    judge(file === undefined ? linesOfServer(client, io) : linesOfFile(file), await keysOf(keys, client)),
  );
}

function checkedBy(jwks: readonly Jwk[]): CheckSignature {
  return (keyId, signature, hash) => verifySignature(jwks, keyId, signature, Buffer.from(hash));
}

function report({ lines, problems, head: { n, hash } }: AuditVerdict, io: Io): void {
  for (const one of problems) io.stdout.write(`line ${one.n}: ${MEANING[one.problem]}\n`);
  io.stdout.write(`${lines} lines read, ${problems.length} problems. Head: ${n}:${hash ?? 'unreadable'}\n`);
  if (problems.length > 0) throw failure('audit.broken', { count: problems.length });
}

const MEANING: Record<AuditVerdict['problems'][number]['problem'], string> = {
  unreadable: 'is not a line of an audit log',
  missing: 'is missing',
  altered: 'was altered: its hash is another',
  broken_link: 'does not follow the line before it',
  bad_signature: 'was not signed by this service',
  unsigned: 'is not signed',
  head_differs: 'is not the line that was expected: the log was cut or rewritten',
};

async function* linesOfServer(client: ApiClient, io: Io): AsyncGenerator<string> {
  for (let from: number | null = 1; from !== null; ) {
    const page: AuditPage = await client.get(`/api/admin/audit?from=${from}&limit=${PAGE}`, io.signal);
    for (const { line } of page.lines) yield line;
    from = page.next;
  }
}

async function* linesOfFile(file: string): AsyncGenerator<string> {
  const stream = createReadStream(file);
  try {
    for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) if (line !== '') yield line;
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    throw failure('cli.file_unreadable', { file, reason }, { cause: error });
  }
}

function head(text: string): { n: number; hash: string } {
  const [, n, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (!n || !hash) throw failure('cli.usage', { reason: '--expect takes a head as verify prints it, e.g. 120:9f…' });
  return { n: Number(n), hash };
}
