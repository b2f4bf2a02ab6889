// The log tells what an operator should act on, once.
import { expect, onTestFinished, test } from 'vitest';
import { createLogger } from '#observability';
import { announce } from '#ports';
import { EngineWarnings } from '../src/engine-warnings.js';
import { configOf } from './observability-config.js';

function warnings() {
  const lines: string[] = [];
  const logger = createLogger(configOf({}), { destination: { write: (line: string) => void lines.push(line) } });
  const told = new EngineWarnings(logger);
  told.onModuleInit();
  onTestFinished(() => told.onApplicationShutdown());
  return { lines, told };
}

const check = { tenant: 'north', collection: 'faq', similarity: 0.5, threshold: 0.98 };

test('a drift is told, a steady model is not', () => {
  const { lines } = warnings();
  announce('embedding.drift', { ...check, similarity: 0.99, drifted: false });
  expect(lines).toEqual([]);
  announce('embedding.drift', { ...check, drifted: true });
  expect(JSON.parse(lines[0]!)).toMatchObject({ collection: 'faq', similarity: 0.5, threshold: 0.98 });
});

test('a collection that holds nothing of the model of now is told once', () => {
  const { lines, told } = warnings();
  for (let at = 0; at < 3; at++) announce('vector.model_unmatched', { tenant: 'north', collection: 'faq' });
  announce('vector.model_unmatched', { tenant: 'south', collection: 'faq' });
  expect(lines).toHaveLength(2);
  expect(lines[0]).toContain('resk reindex');
  told.onApplicationShutdown();
  announce('vector.model_unmatched', { tenant: 'west', collection: 'faq' });
  expect(lines).toHaveLength(2);
});
