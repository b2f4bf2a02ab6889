// What becomes of a call when the vendor's server misbehaves, stated fault by fault, for any adapter behind its guard.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import {
  type CollectionRef,
  type ContractCase,
  type FailureCode,
  isFailure,
  type VectorMatch,
  type VectorStore,
} from '#ports';
import { bounded } from '#vector-stores';
import { FAULT_RETRIES, type FaultRow, faultRows, titleOf } from '../../../../test/doubles/fault-rows.js';
import { Misbehaving } from '../../../../test/doubles/misbehaving.js';

const DIMENSION = 4;
const POINT = { id: 'a', vector: new Float32Array([1, 0, 0, 0]), text: 'first' };

const ROWS = faultRows({
  failed: 'vector.store_unavailable',
  unauthorised: 'vector.store_unauthorised',
  replyInvalid: 'vector.reply_invalid',
});

interface Scene {
  store: VectorStore;
  proxy: Misbehaving;
  ref: CollectionRef;
}

/**
 * The outcome of every fault for queries, and of those that may pass for writes. `open` opens the adapter bare, against
 * the address it is given; `behind` is where the server or its double listens. Attempts are counted as requests of a
 * query, so an adapter must ask one request a query once it knows the collection.
 */
export function faultCases(
  open: (url: string) => Promise<VectorStore>,
  behind: { readonly url: string },
): ContractCase[] {
  const inScene = (name: string, run: (scene: Scene) => Promise<void>, timeoutMs?: number): ContractCase => ({
    name,
    run: () => staged(open, behind.url, timeoutMs, run),
  });
  return [
    ...ROWS.map((row) => inScene(titleOf(row), (scene) => meets(scene, row), row.timeoutMs)),
    inScene('a write whose reply is lost is written once, and counted', lostReply),
    inScene('vectors of a wrong dimension in a reply: vector.reply_invalid, and none of them given', wrongReply),
    inScene('a vector of a wrong dimension in a call: vector.dimension_mismatch, and nothing written', wrongCall),
    inScene('a server that is down: vector.store_unavailable from the health check, until it is back', downAndBack),
    inScene('a caller who leaves ends the call at once, and nothing is repeated', cancelled),
  ];
}

async function staged(
  open: (url: string) => Promise<VectorStore>,
  url: string,
  timeoutMs: number | undefined,
  run: (scene: Scene) => Promise<void>,
): Promise<void> {
  const proxy = await Misbehaving.inFrontOf(url);
  const bare = await open(proxy.url);
  const pace = { retries: FAULT_RETRIES, backoffMs: 1, maxBackoffMs: 1000, concurrency: 8, queue: 8 };
  // Preparing is not what is limited: a busy machine may take its time for it.
  const patient = bounded(bare, { ...pace, timeoutMs: 20_000 });
  const ref = { tenant: `faults-${randomUUID()}`, collection: 'documents' };
  try {
    await patient.openCollection(ref, { dimension: DIMENSION, metric: bare.capabilities.metrics[0]! });
    await patient.upsert(ref, [POINT]);
    await asked(patient, ref);
    await run({ store: timeoutMs ? bounded(bare, { ...pace, timeoutMs }) : patient, proxy, ref });
    proxy.always();
    await patient.dropCollection(ref);
  } finally {
    await patient.close();
    await proxy.stop();
  }
}

function asked(store: VectorStore, ref: CollectionRef, o: { signal?: AbortSignal } = {}): Promise<VectorMatch[]> {
  return store.query(ref, { vector: POINT.vector, k: 1 }, o);
}

async function meets({ store, proxy, ref }: Scene, row: FaultRow): Promise<void> {
  const before = proxy.requests.length;
  if (row.count === undefined) proxy.always(row.fault);
  else proxy.next(...Array.from({ length: row.count }, () => row.fault));
  if (row.outcome === 'answered') await answers(store, ref);
  else await failsWith(row.outcome, () => asked(store, ref), row.retryAfterMs);
  assert.equal(proxy.requests.length - before, row.attempts, 'attempts');
  proxy.always();
  // Slowness is over, but a limit of milliseconds may be too short for a busy machine: it is asked until it answers.
  await recovered(store, ref);
}

async function answers(store: VectorStore, ref: CollectionRef): Promise<void> {
  assert.deepEqual(
    (await asked(store, ref)).map(({ id }) => id),
    [POINT.id],
  );
}

async function recovered(store: VectorStore, ref: CollectionRef, tries = 20): Promise<void> {
  for (let made = 1; ; made++) {
    try {
      return await answers(store, ref);
    } catch (error) {
      if (made === tries || !isFailure(error, 'call.timeout')) throw error;
    }
  }
}

async function failsWith(code: FailureCode, call: () => Promise<unknown>, retryAfterMs?: number): Promise<void> {
  await assert.rejects(call, (error) => {
    assert.ok(isFailure(error), `expected ${code}, got ${String(error)}`);
    assert.equal(error.code, code);
    if (retryAfterMs !== undefined) assert.equal(error.retryAfterMs, retryAfterMs);
    return true;
  });
}

async function lostReply({ store, proxy, ref }: Scene): Promise<void> {
  // A write may be several requests: the reply of each of the first three is lost in turn.
  for (let lost = 0; lost < 3; lost++) {
    proxy.always();
    proxy.next(...Array.from({ length: lost }, () => 'none' as const), 'dropMidReply');
    assert.equal(await store.upsert(ref, [{ ...POINT, id: `b${lost}` }]), 1);
    proxy.always();
    assert.equal(await store.count(ref), 2 + lost);
  }
}

async function wrongReply({ store, proxy, ref }: Scene): Promise<void> {
  proxy.always({ altered: shortened });
  await failsWith('vector.reply_invalid', () => store.get(ref, [POINT.id]));
  await failsWith('vector.reply_invalid', () => store.list(ref, { limit: 10 }));
  proxy.always();
  assert.equal((await store.get(ref, [POINT.id])).length, 1);
}

/** The same JSON, its lists of as many numbers as a vector has cut by one. */
function shortened(json: unknown): unknown {
  if (Array.isArray(json)) {
    const isVector = json.length === DIMENSION && json.every((one) => typeof one === 'number');
    return isVector ? json.slice(1) : json.map(shortened);
  }
  if (typeof json !== 'object' || json === null) return json;
  return Object.fromEntries(Object.entries(json).map(([name, value]) => [name, shortened(value)]));
}

async function wrongCall({ store, ref }: Scene): Promise<void> {
  const vector = new Float32Array(DIMENSION + 1).fill(1);
  await failsWith('vector.dimension_mismatch', () => store.query(ref, { vector, k: 1 }));
  await failsWith('vector.dimension_mismatch', () => store.upsert(ref, [POINT, { id: 'wrong', vector }]));
  assert.equal(await store.count(ref), 1);
}

async function downAndBack({ store, proxy, ref }: Scene): Promise<void> {
  proxy.always('drop');
  await failsWith('vector.store_unavailable', () => store.health());
  proxy.always();
  await store.health();
  await answers(store, ref);
}

async function cancelled({ store, proxy, ref }: Scene): Promise<void> {
  const before = proxy.requests.length;
  const leaving = new AbortController();
  const reason = new Error('the caller left');
  proxy.always('hang');
  const call = asked(store, ref, { signal: leaving.signal });
  leaving.abort(reason);
  await assert.rejects(call, (error) => error === reason);
  assert.ok(proxy.requests.length - before <= 1, 'repeated for nobody');
  proxy.always();
  await answers(store, ref);
}
