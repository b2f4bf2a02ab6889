// resk token: mints a token for the server of this folder.
import type { Command } from 'commander';
import { SCOPES, type Scope } from '#auth';
import { failure } from '#ports';
import type { Io } from '../io.js';
import { collect, DAY_MS, duration } from '../options.js';
import { mint } from '../server-access.js';

interface TokenOptions {
  tenant: string;
  subject: string;
  scope?: string[];
  ttl: number;
}

/** What a developer needs day by day. The others are asked for by name. */
const USUAL_SCOPES: readonly Scope[] = [
  'cache:read',
  'cache:write',
  'cache:purge',
  'vectors:read',
  'vectors:write',
  'embeddings',
  'events:subscribe',
  'events:publish',
];

export function tokenCommand(program: Command, io: Io): void {
  program
    .command('token')
    .summary('mint a token for the server of this folder')
    .description(
      'Mints a token with JWT_SECRET (environment or .env), or with the development secret in DATA_DIR. Prints the token and nothing else.',
    )
    .option('--tenant <name>', 'tenant of the token', 'default')
    .option('--subject <name>', 'who the caller is', 'developer')
    .option('--scope <scope>', `may be repeated; of ${SCOPES.join(' ')} (default: ${USUAL_SCOPES.join(' ')})`, collect)
    .option('--ttl <duration>', 'how long the token is valid', duration({ min: 1000, max: 30 * DAY_MS }), 3_600_000)
    .action((options: TokenOptions) => {
      const { tenant, subject, ttl } = options;
      const token = mint({ subject, tenant, scopes: scopesOf(options.scope), ttlMs: ttl }, io.sources);
      io.stdout.write(`${token}\n`);
    });
}

function scopesOf(given: readonly string[] | undefined): readonly Scope[] {
  if (given === undefined) return USUAL_SCOPES;
  const wanted = given.flatMap((text) => text.split(/[\s,]+/)).filter(Boolean);
  const unknown = wanted.filter((name) => !(SCOPES as readonly string[]).includes(name));
  if (unknown.length > 0) {
    throw failure('cli.usage', { reason: `Unknown scope: ${unknown.join(', ')}. Known: ${SCOPES.join(', ')}.` });
  }
  return wanted as Scope[];
}
