// A stranger's package: a reranker that says in its model name what options it was given.
import { defineProvider, type OptionsSchema } from '#ports';
import { LengthReranker } from './builders.js';

const anything: OptionsSchema<unknown> = {
  '~standard': { version: 1, vendor: 'acme', validate: (value) => ({ value }) },
};

export default defineProvider({
  family: 'reranker',
  name: 'acme',
  options: anything,
  open: async (options) => Object.assign(new LengthReranker(false), { model: JSON.stringify(options) }),
});
