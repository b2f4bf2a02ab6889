// The audit log: what is written cannot be removed, altered, moved or cut without being found.
import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { type AuditEvent, announce, listen } from '#ports';
import { MemoryRecords, Records } from '#records';
import {
  type AuditLine,
  AuditLog,
  AuditVerifier,
  type CheckSignature,
  hashOf,
  type Logger,
  parseAuditLine,
} from '../src/index.js';

const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const signer = {
  sign: async (bytes: Uint8Array) => ({ keyId: 'k1', signature: sign(null, bytes, privateKey).toString('base64url') }),
};
const checkSignature: CheckSignature = (keyId, signature, hash) =>
  keyId === 'k1' ? verify(null, Buffer.from(hash), publicKey, Buffer.from(signature, 'base64url')) : undefined;

const PURGE: AuditEvent = {
  action: 'cache.purge',
  outcome: 'done',
  tenant: 'north',
  actor: 'ann',
  facts: { purged: 3 },
};
const REFUSED: AuditEvent = {
  action: 'request.denied',
  outcome: 'denied',
  code: 'auth.signature',
  address: '192.0.2.1',
};
const T0 = Date.parse('2026-03-01T10:00:00Z');

interface Logged {
  level: string;
  fields: object;
}

function aLog({ records = new MemoryRecords() as Records, denialsInFull = 2, now = () => T0 } = {}) {
  const logged: Logged[] = [];
  const logger = {
    info: (fields: object) => logged.push({ level: 'info', fields }),
    error: (fields: object) => logged.push({ level: 'error', fields }),
  } as unknown as Logger;
  const log = new AuditLog({ records, signer, logger, denialsInFull, now });
  onTestFinished(() => log.close());
  return { log, logged };
}

async function texts(log: AuditLog): Promise<string[]> {
  return (await log.page(1, 1000)).map(({ line }) => line);
}

function verdictOn(lines: readonly string[], options = {}) {
  const verifier = new AuditVerifier({ checkSignature, ...options });
  for (const line of lines) verifier.read(line);
  return verifier.verdict();
}

async function aLogOf(events: number): Promise<string[]> {
  const { log } = aLog();
  for (let at = 0; at < events; at++) await log.write({ ...PURGE, facts: { purged: at } });
  return texts(log);
}

test('a whole log is verified, and its head is told', async () => {
  const lines = await aLogOf(5);
  const last = parseAuditLine(lines[4]!)!;
  expect(verdictOn(lines)).toEqual({ lines: 5, problems: [], head: { n: 5, hash: last.hash } });
  expect(last).toMatchObject({ v: 1, n: 5, at: '2026-03-01T10:00:00.000Z', action: 'cache.purge', actor: 'ann' });
});

test('a removed line is missed', async () => {
  const lines = await aLogOf(5);
  expect(verdictOn(lines.toSpliced(2, 1)).problems).toEqual([{ n: 3, problem: 'missing' }]);
});

test('lines cut off at the end are missed by who kept the head', async () => {
  const lines = await aLogOf(5);
  const { n, hash } = parseAuditLine(lines[4]!)!;
  expect(verdictOn(lines.slice(0, 4), { expected: { n, hash } }).problems).toEqual([{ n: 5, problem: 'head_differs' }]);
  expect(verdictOn(lines, { expected: { n, hash } }).problems).toEqual([]);
});

test.each(['action', 'actor', 'tenant', 'at', 'outcome', 'facts'])('an altered %s is found', async (name) => {
  const lines = await aLogOf(3);
  const altered = { ...JSON.parse(lines[1]!), [name]: name === 'facts' ? { purged: 0 } : 'other' };
  expect(verdictOn(lines.with(1, JSON.stringify(altered))).problems).toContainEqual({ n: 2, problem: 'altered' });
});

test('a line that was altered and hashed anew breaks the link, and its signature', async () => {
  const lines = await aLogOf(3);
  const altered = { ...(JSON.parse(lines[1]!) as AuditLine), actor: 'nobody' };
  altered.hash = hashOf(altered);
  expect(verdictOn(lines.with(1, JSON.stringify(altered))).problems).toEqual([
    { n: 2, problem: 'bad_signature' },
    { n: 3, problem: 'broken_link' },
  ]);
});

test('a whole chain forged without the key is found by its signatures', async () => {
  const forged = (await aLogOf(2)).map((line) => JSON.parse(line) as AuditLine);
  delete forged[0]!.signature;
  forged[1]!.keyId = 'unknown';
  expect(verdictOn(forged.map((line) => JSON.stringify(line))).problems).toEqual([
    { n: 1, problem: 'unsigned' },
    { n: 2, problem: 'bad_signature' },
  ]);
});

test('lines in another order, twice, or not lines at all are found', async () => {
  const [one, two, three] = await aLogOf(3);
  expect(verdictOn([one!, three!, two!]).problems).not.toEqual([]);
  expect(verdictOn([one!, one!, two!, three!]).problems).toContainEqual({ n: 1, problem: 'broken_link' });
  expect(verdictOn([one!, 'not a line', three!]).problems).toContainEqual({ n: 2, problem: 'unreadable' });
  expect(verdictOn(['null', '{"v":2}']).problems).toHaveLength(2);
});

test('the order of facts is not part of what was said', async () => {
  const { log } = aLog();
  const line = await log.write({ ...PURGE, facts: { b: 1, a: true } });
  expect(hashOf({ ...line, facts: { a: true, b: 1 } })).toBe(line.hash);
});

test('the form of version 1 stays: a line of long ago is verified', () => {
  const line = {
    v: 1,
    n: 1,
    at: '2026-01-02T03:04:05.000Z',
    prev: '0'.repeat(64),
    action: 'cache.purge',
    outcome: 'done',
    tenant: 'north',
    actor: 'ann',
    target: 'tag',
    facts: { purged: 3 },
    hash: '6cc4abb77fe92bd41ae454a20af94279a2980e3f51d07cac4cea9eef3ae5bd47',
  } as const;
  expect(hashOf(line)).toBe(line.hash);
});

test('two instances append to one journal without a gap', async () => {
  const records = new MemoryRecords();
  const logs = [aLog({ records }).log, aLog({ records }).log];
  await Promise.all(Array.from({ length: 40 }, (_, at) => logs[at % 2]!.write({ ...PURGE, facts: { at } })));
  expect(verdictOn(await texts(logs[0]!))).toMatchObject({ lines: 40, problems: [], head: { n: 40 } });
});

test('refusals are heard and written behind the reply; a flood of one source becomes one line with a number', async () => {
  let now = T0;
  const { log } = aLog({ now: () => now });
  log.open();
  log.open();
  for (let at = 0; at < 50; at++) announce('audit.event', { ...REFUSED, correlationId: `c${at}` });
  announce('audit.event', { ...REFUSED, address: '192.0.2.2' });
  now += 60_000;
  announce('audit.event', { ...REFUSED, address: '192.0.2.3' });
  await log.flush();
  const lines = (await texts(log)).map((line) => parseAuditLine(line)!);
  expect(lines.map(({ address, facts }) => [address, facts?.furtherInThisMinute])).toEqual([
    ['192.0.2.1', undefined],
    ['192.0.2.1', undefined],
    ['192.0.2.2', undefined],
    ['192.0.2.1', 48],
    ['192.0.2.3', undefined],
  ]);
});

test('what was folded is written when the log closes; nothing is heard after', async () => {
  const { log } = aLog({ denialsInFull: 0 });
  log.open();
  for (let at = 0; at < 5; at++) announce('audit.event', REFUSED);
  announce('audit.event', PURGE);
  await log.close();
  await log.close();
  announce('audit.event', PURGE);
  expect((await texts(log)).map((line) => parseAuditLine(line)!.action)).toEqual(['cache.purge', 'request.denied']);
});

test('a flood from ever new sources takes bounded memory and still leaves its number', async () => {
  const { log } = aLog({ denialsInFull: 0 });
  log.open();
  for (let at = 0; at < 1500; at++) announce('audit.event', { ...REFUSED, address: `2001:db8::${at.toString(16)}` });
  await log.close();
  const others = (await log.page(1, 20_000))
    .map(({ line }) => parseAuditLine(line)!)
    .find(({ facts }) => facts?.sources);
  expect(others?.facts).toEqual({ sources: 'many', furtherInThisMinute: 500 });
});

class FailingRecords extends MemoryRecords {
  override async append(): Promise<boolean> {
    throw new Error('disk full');
  }
}

test('an act that cannot be written fails; a refusal that cannot is logged; both are announced', async () => {
  const { log, logged } = aLog({ records: new FailingRecords() });
  const unwritten: string[] = [];
  onTestFinished(listen('audit.unwritten', ({ reason }) => unwritten.push(reason)));
  await expect(log.write(PURGE)).rejects.toMatchObject({ code: 'audit.unavailable' });
  log.open();
  announce('audit.event', REFUSED);
  await log.flush();
  await expect.poll(() => logged.map(({ level }) => level)).toEqual(['error']);
  expect(unwritten).toEqual(['failed', 'failed']);
});

test('lines for which there is no room are told as how many, once a minute', async () => {
  const { promise: stuck, reject: give } = Promise.withResolvers<undefined>();
  stuck.catch(() => {});
  class Stuck extends MemoryRecords {
    override last(): Promise<undefined> {
      return stuck;
    }
  }
  let now = T0;
  const { log, logged } = aLog({ records: new Stuck(), now: () => now });
  log.open();
  for (let at = 0; at < 10_005; at++) announce('audit.event', PURGE);
  expect(logged).toEqual([{ level: 'error', fields: { reason: 'crowded', lines: 1 } }]);
  now += 60_000;
  announce('audit.event', PURGE);
  expect(logged.slice(1)).toEqual([{ level: 'error', fields: { reason: 'crowded', lines: 5 } }]);
  announce('audit.event', PURGE);
  give(new Error('disk full'));
  await log.close();
  const told = logged.filter(({ fields }) => 'lines' in fields);
  expect(told.slice(2)).toEqual([{ level: 'error', fields: { reason: 'crowded', lines: 1 } }]);
});

test('a journal that others never leave alone is given up', async () => {
  class Contended extends MemoryRecords {
    override async append(): Promise<boolean> {
      return false;
    }
  }
  const { log } = aLog({ records: new Contended() });
  await expect(log.write(PURGE)).rejects.toMatchObject({ cause: { code: 'records.unavailable' } });
});

test('the head is logged every hundred lines, and a spoilt line does not stop the log', async () => {
  const records = new MemoryRecords();
  await records.append('audit', 0, 'spoilt');
  const { log, logged } = aLog({ records });
  for (let at = 0; at < 99; at++) await log.write(PURGE);
  expect(logged).toHaveLength(1);
  expect(verdictOn(await texts(log)).problems.map(({ n }) => n)).toEqual([1]);
});
