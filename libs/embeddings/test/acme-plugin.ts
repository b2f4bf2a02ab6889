// A stranger's package: a provider that says in its model name what options it was given.
import { defineProvider, type OptionsSchema } from '#ports';
import { LengthModel } from './builders.js';

const anything: OptionsSchema<unknown> = {
  '~standard': { version: 1, vendor: 'acme', validate: (value) => ({ value }) },
};

export default defineProvider({
  family: 'embedding-model',
  name: 'acme',
  options: anything,
  open: async (options) => Object.assign(new LengthModel(false), { model: JSON.stringify(options) }),
});
