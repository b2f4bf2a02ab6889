// Runs the drawing of the pictures, which is no test of the suite, as Vitest runs tests: sources as they are, rooms by their faces.
import { mergeConfig } from 'vitest/config';
import suite from '../../vitest.config.js';

const { test, ...rest } = suite as { test: object };

export default mergeConfig(rest, { test: { ...test, include: ['test/monitoring/pictures.ts'] } });
