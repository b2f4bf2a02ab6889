// A model of sentence-transformers is asked behind a server where there is an address, else run from its folder.
import { expect, test } from 'vitest';
import { TeiEmbeddingsDouble } from '../../../test/doubles/tei-embeddings.js';
import { tinyEmbeddingModel } from '../../../test/support/tiny-model.js';
import { sentenceTransformersProvider } from '../src/providers/sentence-transformers.js';
import { opened } from './builders.js';

test('behind a server', async () => {
  const double = await TeiEmbeddingsDouble.start();
  const model = await opened(sentenceTransformersProvider, { baseUrl: double.url, model: 'acme/small' });
  expect(model).toMatchObject({ provider: 'sentence-transformers', model: 'acme/small', remote: true });
  await model.close();
  await double.stop();
});

test('from a folder', async () => {
  const tiny = await tinyEmbeddingModel();
  const model = await opened(sentenceTransformersProvider, { model: tiny.folder, threads: 1 });
  expect(model).toMatchObject({ remote: false, dimensions: 16 });
  expect((await model.embed(['one'])).vectors[0]).toHaveLength(16);
  await model.close();
  await tiny.remove();
});

test.each([
  [{ baseUrl: 'ftp://x' }, 'baseUrl'],
  [{}, 'folder of the model'],
])('refuses options that lead nowhere: %j', async (options, says) => {
  await expect(opened(sentenceTransformersProvider, options)).rejects.toThrow(says);
});
