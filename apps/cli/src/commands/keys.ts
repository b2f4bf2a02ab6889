// resk keys: lists keys, replaces them, and seals data anew under those of now.
import type { Command } from 'commander';
import { failure } from '#ports';
import type { KeysReport } from '#query';
import type { ApiClient } from '../api-client.js';
import type { Io } from '../io.js';
import { count, table } from '../numbers.js';
import { integer, type ServerOptions, withServerOptions } from '../options.js';
import { patiently } from '../patience.js';
import { type Progress, progressOn } from '../progress.js';
import { withServer } from '../server-access.js';

interface Chosen extends ServerOptions {
  tenant?: string;
  master?: string;
  dataKey?: string;
  force?: boolean;
}

interface Resealing extends ServerOptions {
  tenant?: string;
  restart?: boolean;
  step: number;
}

/** A step of resealing, as the server tells it. */
interface Step {
  done: boolean;
  seen: number;
  resealed: number;
  tenantsDone: number;
  tenantsLeft: number;
}

/** A page of the listing, as the server tells it: times are texts. */
type Page = Omit<KeysReport, 'tenants'> & {
  tenants: Array<{
    tenant: string;
    resealed: boolean;
    shreddedAt: string | null;
    dataKeys: Array<{ dataKeyId: string; masterKeyId: string; state: string; createdAt: string; sealings: number }>;
  }>;
};

const NEED = { scopes: ['admin'] as const, connections: 1 };
const TRIES = 8;

export function keysCommand(program: Command, io: Io): void {
  const keys = program.command('keys').summary('list and replace keys, and seal data anew');
  const command = (name: string, summary: string, description = `${summary}.`) =>
    withServerOptions(keys.command(name).summary(summary).description(description), '15m');
  command('list', 'list master keys and data keys')
    .option('--tenant <name>', 'data keys of this tenant only')
    .action((options: Chosen) => list(options, io));
  command('rotate', 'begin a new data key, or promote a master key')
    .option('--tenant <name>', 'begin a new data key of this tenant (default: that of the token)')
    .option('--master <id>', 'promote this master key, and wrap all data keys under it')
    .action((options: Chosen) => rotate(options, io));
  command('retire', 'destroy a former data key, or take a former master key out of use')
    .option('--data-key <id>', 'destroy this data key')
    .option('--tenant <name>', 'whose data key it is (default: that of the token)')
    .option('--master <id>', 'take this master key out of use')
    .option('--force', 'also where data is still sealed under it, which is then lost')
    .action((options: Chosen) => retire(options, io));
  command('reseal', 'seal data anew under current data keys', RESEAL)
    .option('--tenant <name>', 'data of this tenant only')
    .option('--restart', 'begin anew, however far an earlier run came')
    .option('--step <count>', 'entries and documents a request', integer({ min: 1, max: 10_000 }), 1000)
    .action((options: Resealing) => reseal(options, io));
}

const RESEAL =
  'Seals anew what former data keys sealed, so that they can be retired. May be stopped with Ctrl-C: the next run goes on from there.';

async function list({ tenant, ...options }: Chosen, io: Io): Promise<void> {
  await withServer(options, NEED, io, async (client) => {
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const asked = new URLSearchParams({ ...(tenant && { tenant }), ...(cursor && { cursor }) });
      const page: Page = await client.get(`/api/admin/keys?${asked.toString()}`, io.signal);
      io.stdout.write(cursor === undefined ? `${headOf(page)}${tenantsOf(page)}` : tenantsOf(page));
      ({ cursor } = page);
    }
  });
}

function headOf({ sealing, provider, masterKeys }: Page): string {
  if (!sealing) return 'Nothing is sealed: the server has no keys.\n';
  const rows = masterKeys.map(({ masterKeyId, state, dataKeys }) => [masterKeyId, state, count(dataKeys)]);
  return rows.length === 0
    ? ''
    : `Key service: ${provider}\n${table([['master key', 'state', 'data keys'], ...rows])}\n`;
}

function tenantsOf({ tenants }: Page): string {
  const rows = tenants.flatMap(({ tenant, dataKeys, resealed, shreddedAt }) => [
    ...dataKeys.map(({ dataKeyId, state, masterKeyId, createdAt, sealings }) => {
      const needed = state === 'current' ? state : resealed ? 'former' : 'former, in use';
      return [tenant, dataKeyId, needed, masterKeyId, createdAt.slice(0, 16), count(sealings)];
    }),
    ...(shreddedAt === null ? [] : [[tenant, '-', 'shredded', '-', shreddedAt.slice(0, 16), '-']]),
  ]);
  return rows.length === 0
    ? ''
    : `${table([['tenant', 'data key', 'state', 'master key', 'since', 'sealings'], ...rows])}\n`;
}

async function rotate({ tenant, master, ...options }: Chosen, io: Io): Promise<void> {
  if (tenant && master) throw failure('cli.usage', { reason: 'give --tenant or --master, not both' });
  await withServer(options, NEED, io, async (client) => {
    const body = { ...(tenant && { tenant }), ...(master && { masterKeyId: master }) };
    const reply = await client.post<{ tenant?: string; dataKeyId?: string; rewrapped?: number; left?: number }>(
      '/api/admin/keys/rotate',
      body,
      io.signal,
    );
    io.stdout.write(
      master
        ? `Master key ${master} is current; ${count(reply.rewrapped!)} data keys were wrapped anew${leftOver(reply.left!)}.\n`
        : `Data key ${reply.dataKeyId} of ${reply.tenant} is current. Seal former data anew: resk keys reseal\n`,
    );
  });
}

function leftOver(left: number): string {
  return left === 0 ? '' : `, ${count(left)} could not be: their master key is not held`;
}

async function retire({ tenant, master, dataKey, force = false, ...options }: Chosen, io: Io): Promise<void> {
  if (!master === !dataKey) throw failure('cli.usage', { reason: 'give either --data-key or --master' });
  await withServer(options, NEED, io, async (client) => {
    const what = master ? { masterKeyId: master } : { dataKeyId: dataKey, ...(tenant && { tenant }) };
    const { destroyed } = await client.post<{ destroyed: number }>(
      '/api/admin/keys/retire',
      { ...what, force },
      io.signal,
    );
    const told = master ? `Master key ${master} is out of use` : `Data key ${dataKey} is retired`;
    io.stdout.write(`${told}; ${count(destroyed)} data keys were destroyed.\n`);
  });
}

async function reseal(options: Resealing, io: Io): Promise<void> {
  await withServer(options, NEED, io, async (client) => {
    const { seen, resealed } = await resealAll(client, options, io);
    io.stdout.write(`${count(seen)} entries and documents seen, ${count(resealed)} sealed anew.\n`);
  });
}

async function resealAll(client: ApiClient, options: Resealing, io: Io): Promise<Step> {
  let progress: Progress | undefined;
  let before = { seen: 0, tenantsDone: 0 };
  try {
    for (let first = true; ; first = false) {
      const step = await nextStep(client, options, first, io);
      progress ??= progressOn(io, 'entries and documents', step.tenantsDone + step.tenantsLeft);
      progress.advance(step.tenantsDone - before.tenantsDone, step.seen - before.seen);
      before = step;
      if (step.done) return step;
    }
  } finally {
    progress?.stop();
    if (io.signal.aborted) io.stderr.write('Stopped. resk keys reseal goes on from here.\n');
  }
}

function nextStep(client: ApiClient, { tenant, restart, step, maxWait }: Resealing, first: boolean, io: Io) {
  const body = { limit: step, ...(tenant && { tenant }), ...(first && restart && { restart }) };
  // A step may be repeated: what it sealed anew is seen again, and left as it is.
  const patience = { kinds: ['exhausted', 'unavailable', 'late'] as const, attempts: TRIES, longestWaitMs: maxWait };
  return patiently(() => client.post<Step>('/api/admin/keys/reseal', body, io.signal), patience, io);
}
