// The built-in detectors keep every promise of the port.
import { describe, test } from 'vitest';
import { type Finding, textDetectorContract } from '#ports';
import { BUILT_IN_DETECTORS } from '../src/detectors/built-in.js';

const SAMPLES: Record<string, [before: string, value: string, kind: string, sort: Finding['sort']]> = {
  contact: ['write to ', 'jane@example.com', 'email', 'personal'],
  finance: ['pay to ', 'DE89 3704 0044 0532 0130 00', 'iban', 'personal'],
  identity: ['I am ', '12345678Z', 'es-dni', 'personal'],
  secrets: ['use ', `AKIA${'Q'.repeat(16)}`, 'aws-key', 'secret'],
  network: ['from ', '203.0.113.7', 'ip-address', 'personal'],
};

describe.each(Object.keys(BUILT_IN_DETECTORS))('%s', (name) => {
  const [before, value, kind, sort] = SAMPLES[name]!;
  const finding = { kind, sort, start: before.length, end: before.length + value.length };
  const open = async () => (await BUILT_IN_DETECTORS[name]!()).open({}, {});
  const cases = textDetectorContract(open, { text: `${before}${value} please`, finding });
  for (const { name: promise, run } of cases) test(promise, run);
});
