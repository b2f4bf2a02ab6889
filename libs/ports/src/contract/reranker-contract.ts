// What every reranker promises, as cases that any test runner can run against a live one.
import assert from 'node:assert/strict';
import type { Reranker } from '../reranker.js';
import type { ContractCase } from './contract-case.js';

const QUESTION = 'Where is my new card?';
const ANSWER = 'Your new card is on its way: where it is now, the tracking number of the card tells.';
const OTHER = 'Snow falls in the mountains.';
const TEXTS = [OTHER, ANSWER, 'Ünïcode 日本語 🙂', 'Cards are made of plastic.'];

/** Room for rounding: servers compute in 16 bits, and differently for another length of the batch. */
const TOLERANCE = 0.02;

/**
 * The cases of the port. `open` gives a model that answers; each case closes what it opened.
 * Against a paid service they rank about twenty short texts.
 */
export function rerankerContract(open: () => Promise<Reranker>): ContractCase[] {
  const proving = (name: string, prove: (model: Reranker) => Promise<void>): ContractCase => ({
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
    proving('names its provider and model, and says how much one call takes', async (model) => {
      assert.match(model.provider, /^[a-z][a-z0-9-]{0,31}$/);
      assert.notEqual(model.model, '');
      assert.ok(Number.isInteger(model.maxBatch) && model.maxBatch >= 1, 'maxBatch is a whole number of at least 1');
    }),
    proving('gives one score a text, each from 0 to 1', async (model) => {
      const texts = TEXTS.slice(0, model.maxBatch);
      const { scores, tokens } = await model.rerank(QUESTION, texts);
      assert.equal(scores.length, texts.length);
      assert.ok(Number.isInteger(tokens) && tokens >= 0, 'tokens is a whole number of at least 0');
      assert.ok(
        scores.every((score) => score >= 0 && score <= 1),
        'every score is from 0 to 1',
      );
    }),
    proving('scores a text that answers above one about something else', async (model) => {
      assert.ok((await alone(model, ANSWER)) > (await alone(model, OTHER)));
    }),
    proving('gives the scores in the order of the texts, whatever stands beside them', async (model) => {
      const texts = TEXTS.slice(0, model.maxBatch);
      const { scores } = await model.rerank(QUESTION, texts);
      for (const [at, text] of texts.entries()) {
        const difference = Math.abs(scores[at]! - (await alone(model, text)));
        assert.ok(difference < TOLERANCE, `score ${at} is that of its text`);
      }
    }),
    proving('ends promptly for a caller that is gone', async (model) => {
      await assert.rejects(model.rerank(QUESTION, [ANSWER], { signal: AbortSignal.abort(new Error('gone')) }));
    }),
    proving('may be closed twice', async (model) => {
      await model.close();
      await model.close();
    }),
  ];
}

async function alone(model: Reranker, text: string): Promise<number> {
  return (await model.rerank(QUESTION, [text])).scores[0]!;
}
