// Colours that mean the same on every dashboard, and the bounds between good and bad that several panels share.
import type { Step } from './panels.js';

/** Of answers and look-ups: the same series has the same colour everywhere. */
export const ANSWERS = { hit: 'green', stale: 'yellow', semantic: 'purple', miss: 'blue' };

export const STATUSES = { '2xx': 'green', '3xx': 'blue', '4xx': 'yellow', '5xx': 'red', other: 'purple' };

export const SORTS = { spent: 'orange', avoided: 'green', uncertain: 'yellow' };

export const TIERS = { memory: 'green', redis: 'red', sqlite: 'orange', none: 'blue' };

/** Fine at nothing, bad from the first on. */
export const NONE_IS_GOOD: readonly Step[] = [{ colour: 'green' }, { from: 1, colour: 'red' }];

/** Of a share of answers with an error. The objective is 0.1 %. */
export const ERROR_SHARE: readonly Step[] = [
  { colour: 'green' },
  { from: 0.001, colour: 'yellow' },
  { from: 0.01, colour: 'red' },
];

/** Of a share that is good when it is large. */
export const HIT_SHARE: readonly Step[] = [
  { colour: 'red' },
  { from: 0.2, colour: 'yellow' },
  { from: 0.5, colour: 'green' },
];

/** Of a share that is used up. */
export const FILLING: readonly Step[] = [
  { colour: 'green' },
  { from: 0.8, colour: 'yellow' },
  { from: 0.95, colour: 'red' },
];

/** Of 1 and 0. */
export const YES_IS_GOOD: readonly Step[] = [{ colour: 'red' }, { from: 1, colour: 'green' }];
