// The tests of the image have a run of their own: npm run test:image builds it, and names what it built in RESK_IMAGE.
import { defineConfig } from 'vitest/config';
import base from '../../vitest.config.js';

export default defineConfig({
  ...base,
  root: new URL('../..', import.meta.url).pathname,
  // One container at a time: what the tests hold against each other is the image, not the machine.
  test: { ...base.test, include: ['test/image/*.image.ts'], fileParallelism: false, testTimeout: 90_000 },
});
