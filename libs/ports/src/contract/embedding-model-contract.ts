// What every embedding model promises, as cases that any test runner can run against a live one.
import assert from 'node:assert/strict';
import type { EmbeddingModel } from '../embedding-model.js';
import { cosine } from '../similarity.js';
import type { ContractCase } from './contract-case.js';

const TEXTS = ['When does the office open?', 'Where is my card?', 'Ünïcode 日本語 🙂', 'where is my card ?'];

/**
 * The cases of the port. `open` gives a model that answers; each case closes what it opened.
 * Against a paid service they embed about twenty short texts.
 */
export function embeddingModelContract(open: () => Promise<EmbeddingModel>): ContractCase[] {
  const proving = (name: string, prove: (model: EmbeddingModel) => Promise<void>): ContractCase => ({
    name,
    async run() {
      const model = await open();
      try {
        await prove(model);
      } finally {
        await model.close();
      }
    },
  });
  return [
    proving('names its provider, model and version, and says how much one call takes', async (model) => {
      assert.match(model.provider, /^[a-z][a-z0-9-]{0,31}$/);
      assert.notEqual(model.model, '');
      assert.notEqual(model.version, '');
      assert.ok(Number.isInteger(model.maxBatch) && model.maxBatch >= 1, 'maxBatch is a whole number of at least 1');
    }),
    proving('gives one vector a text, all of one length, with finite numbers and a direction', async (model) => {
      const texts = TEXTS.slice(0, model.maxBatch);
      const { vectors, tokens } = await model.embed(texts);
      assert.equal(vectors.length, texts.length);
      assert.ok(Number.isInteger(tokens) && tokens >= 0, 'tokens is a whole number of at least 0');
      for (const vector of vectors) {
        assert.ok(vector instanceof Float32Array, 'a vector is a Float32Array');
        assert.equal(vector.length, model.dimensions ?? vectors[0]?.length);
        assert.ok(vector.every(Number.isFinite), 'every number is finite');
        assert.ok(
          vector.some((one) => one !== 0),
          'a vector has a direction',
        );
      }
    }),
    proving('knows its dimensions at the latest after the first reply', async (model) => {
      const { vectors } = await model.embed(TEXTS.slice(0, 1));
      assert.equal(model.dimensions, vectors[0]?.length);
    }),
    proving('gives the vectors in the order of the texts', async (model) => {
      const texts = TEXTS.slice(0, model.maxBatch);
      const together = (await model.embed(texts)).vectors;
      for (const [at, text] of texts.entries()) {
        const alone = (await model.embed([text])).vectors[0];
        assert.ok(alone && cosine(alone, together[at]!) > 0.999, `vector ${at} is that of its text`);
      }
    }),
    proving('gives the same text the same vector', async (model) => {
      const [first, second] = [await model.embed(TEXTS.slice(0, 1)), await model.embed(TEXTS.slice(0, 1))];
      assert.ok(cosine(first.vectors[0]!, second.vectors[0]!) > 0.999);
    }),
    proving('takes texts for both purposes', async (model) => {
      for (const purpose of ['query', 'document'] as const) {
        assert.equal((await model.embed(TEXTS.slice(0, 1), { purpose })).vectors.length, 1);
      }
    }),
    proving('ends promptly for a caller that is gone', async (model) => {
      await assert.rejects(model.embed(TEXTS.slice(0, 1), { signal: AbortSignal.abort(new Error('gone')) }));
    }),
    proving('may be closed twice', async (model) => {
      await model.close();
      await model.close();
    }),
  ];
}
