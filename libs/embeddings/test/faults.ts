// What becomes of an embedding when the vendor's server misbehaves, stated fault by fault, for any remote model.
import assert from 'node:assert/strict';
import { Embedder } from '#embeddings';
import { type ContractCase, type EmbeddingModel, isFailure } from '#ports';
import { FAULT_RETRIES, type FaultRow, faultRows, titleOf } from '../../../test/doubles/fault-rows.js';
import { Misbehaving } from '../../../test/doubles/misbehaving.js';

const TEXTS = ['one', 'two', 'three'];

const ROWS: FaultRow[] = [
  ...faultRows({
    failed: 'embedding.provider_failed',
    unauthorised: 'embedding.provider_unauthorised',
    replyInvalid: 'embedding.reply_invalid',
  }),
  { name: '404', fault: { status: 404 }, outcome: 'embedding.provider_failed', attempts: 1 },
  {
    name: 'vectors of another dimension',
    fault: { altered: shortened },
    outcome: 'embedding.dimension_mismatch',
    attempts: 1,
  },
];

/**
 * The outcome of every fault. `open` opens the model against the address it is given, and `behind` is where the double
 * listens; its vectors have 8 numbers. Attempts are counted as requests of one embedding.
 */
export function embeddingFaultCases(
  open: (url: string) => Promise<EmbeddingModel>,
  behind: { readonly url: string },
): ContractCase[] {
  const cases = ROWS.map((row) => ({ name: titleOf(row), run: () => staged(open, behind.url, row) }));
  return [...cases, { name: 'a caller who leaves ends the call at once', run: () => cancelled(open, behind.url) }];
}

async function staged(open: (url: string) => Promise<EmbeddingModel>, url: string, row: FaultRow): Promise<void> {
  const proxy = await Misbehaving.inFrontOf(url);
  const embedder = embedderOf(await open(proxy.url), row.timeoutMs);
  try {
    await answers(embedder);
    const before = proxy.requests.length;
    if (row.count === undefined) proxy.always(row.fault);
    else proxy.next(...Array.from({ length: row.count }, () => row.fault));
    if (row.outcome === 'answered') await answers(embedder);
    else await failsWith(row, embedder);
    assert.equal(proxy.requests.length - before, row.attempts, 'attempts');
    proxy.always();
    await recovered(embedder);
  } finally {
    await embedder.close();
    await proxy.stop();
  }
}

function embedderOf(model: EmbeddingModel, timeoutMs = 20_000): Embedder {
  return new Embedder(model, { batchSize: 8, parallel: 1, retries: FAULT_RETRIES, timeoutMs, random: () => 0 });
}

async function answers(embedder: Embedder): Promise<void> {
  const { vectors } = await embedder.embed(TEXTS);
  assert.deepEqual(
    vectors.map((vector) => vector.length),
    [8, 8, 8],
  );
}

async function failsWith({ outcome, retryAfterMs }: FaultRow, embedder: Embedder): Promise<void> {
  await assert.rejects(embedder.embed(TEXTS), (error) => {
    assert.ok(isFailure(error), `expected ${outcome}, got ${String(error)}`);
    assert.equal(error.code, outcome);
    if (retryAfterMs !== undefined) assert.equal(error.retryAfterMs, retryAfterMs);
    return true;
  });
}

/** Slowness is over, but a limit of milliseconds may be too short for a busy machine: it is asked until it answers. */
async function recovered(embedder: Embedder, tries = 20): Promise<void> {
  for (let made = 1; ; made++) {
    try {
      return await answers(embedder);
    } catch (error) {
      if (made === tries || !isFailure(error, 'call.timeout')) throw error;
    }
  }
}

async function cancelled(open: (url: string) => Promise<EmbeddingModel>, url: string): Promise<void> {
  const proxy = await Misbehaving.inFrontOf(url);
  const embedder = embedderOf(await open(proxy.url));
  try {
    await answers(embedder);
    const before = proxy.requests.length;
    proxy.always('hang');
    const caller = new AbortController();
    const waiting = embedder.embed(TEXTS, { signal: caller.signal });
    while (proxy.requests.length === before) await new Promise((resolve) => setImmediate(resolve));
    caller.abort(new Error('gone'));
    await assert.rejects(waiting, /gone/);
    assert.equal(proxy.requests.length - before, 1);
  } finally {
    await embedder.close();
    await proxy.stop();
  }
}

/** Takes the last number off every vector of a reply, whatever its form. */
function shortened(json: unknown): unknown {
  if (Array.isArray(json)) return json.map((row: number[]) => row.slice(0, -1));
  const reply = json as { data: { embedding: number[] | string }[] };
  return { ...reply, data: reply.data.map((one) => ({ ...one, embedding: withoutLast(one.embedding) })) };
}

function withoutLast(embedding: number[] | string): number[] | string {
  if (Array.isArray(embedding)) return embedding.slice(0, -1);
  return Buffer.from(embedding, 'base64').subarray(0, -4).toString('base64');
}
