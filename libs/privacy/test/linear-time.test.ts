// No text makes a detector slow: the steps of every pattern grow with the length of the text and no faster.
import { describe, expect, test } from 'vitest';
import { labelledSet } from '../../../bench/privacy/labelled-set.js';
import { CONTACT_RULES } from '../src/detectors/contact.js';
import { FINANCE_RULES } from '../src/detectors/finance.js';
import { IDENTITY_RULES } from '../src/detectors/identity.js';
import { NETWORK_RULES } from '../src/detectors/network.js';
import { SECRET_RULES } from '../src/detectors/secrets.js';
import { StepCounter } from './support/step-counter.js';

const RULES = [...CONTACT_RULES, ...FINANCE_RULES, ...IDENTITY_RULES, ...NETWORK_RULES, ...SECRET_RULES];
const PATTERNS = RULES.flatMap(
  ({ kind, pattern, needs }, at): Array<[string, RegExp]> => [
    [`${kind} (rule ${at})`, pattern],
    [`${kind} (rule ${at}, needs)`, needs],
  ],
);

/** What the patterns begin with, go on with, and nearly end with; repeated, alone and in pairs. */
const PIECES = [
  'a',
  'A',
  '0',
  '1',
  '4',
  '0 ',
  '1 ',
  '12-',
  '1.',
  '(0) ',
  '(11)',
  '+1',
  '+49 ',
  '00',
  ' ',
  '\u00a0',
  '.',
  '-',
  '_',
  '@',
]
  .concat([
    'a@',
    'a.',
    '@a.',
    'a(at)',
    '[at] ',
    'a (dot) ',
    'DE00',
    'A1 ',
    'AB12',
    'ABCDEF',
    '12345678',
    'X1',
    ':',
    'a:',
    '::',
    '1::',
  ])
  .concat([
    '://',
    'a://',
    'a://b:',
    '://a:b@',
    'sk-',
    'sk-ant-',
    'sk-proj-',
    'AKIA',
    'ghp_',
    'xoxb-',
    'AIza',
    'ya29.',
    'SG.',
    'eyJ',
    'eyJaaaaaaaa.',
  ])
  .concat([
    '-----BEGIN PRIVATE KEY-----',
    '-----BEGIN RSA ',
    '-----',
    'password',
    'password=',
    'secret_a',
    'token:',
    'api_key = ',
    'bearer ',
    'a1!',
  ]);

const SHORT = 250;
const LONG = 1000;
const MOST_STEPS_A_CHARACTER = 1500;

function repeated(pieces: string, length: number): string {
  return pieces.repeat(Math.ceil(length / pieces.length)).slice(0, length);
}

describe('the counter of steps', () => {
  test('finds what the engine finds', () => {
    const texts = labelledSet()
      .map(({ text }) => text)
      .filter((_, at) => at % 9 === 0);
    for (const [name, pattern] of PATTERNS) {
      const counter = new StepCounter(pattern);
      for (const text of texts) {
        const real = new RegExp(pattern.source, pattern.flags.replace('g', '')).exec(text);
        const found = counter.exec(text);
        expect([name, text, found?.index, found?.end]).toEqual([
          name,
          text,
          real?.index,
          real ? real.index + real[0].length : undefined,
        ]);
      }
    }
  });

  test('tells a pattern that is not linear', () => {
    const counter = new StepCounter(/(?:a+)+@/g);
    expect(counter.stepsOver('a'.repeat(16))).toBeGreaterThan(8 * counter.stepsOver('a'.repeat(8)));
    const squared = new StepCounter(/a+@/g);
    expect(squared.stepsOver('a'.repeat(400))).toBeGreaterThan(3 * squared.stepsOver('a'.repeat(200)));
  });
});

test.each(PATTERNS)('%s takes steps in proportion to the text', (_name, pattern) => {
  const counter = new StepCounter(pattern);
  let worst = 0;
  for (const piece of PIECES) {
    for (const pieces of [piece, `${piece} x`]) {
      const short = counter.stepsOver(repeated(pieces, SHORT));
      const long = counter.stepsOver(repeated(pieces, LONG));
      expect(long / LONG, `after ${JSON.stringify(pieces)}`).toBeLessThan((short / SHORT) * 1.3 + 4);
      worst = Math.max(worst, long / LONG);
    }
  }
  expect(worst).toBeLessThan(MOST_STEPS_A_CHARACTER);
});
