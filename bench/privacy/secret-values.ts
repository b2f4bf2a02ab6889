// Secrets in the shapes of their vendors, made by lot: put together here, so that no file holds one.
import type { Lot } from './lot.js';

const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const LOWER = UPPER.toLowerCase();
const DIGITS = '0123456789';
const LETTERS = UPPER + LOWER;
const ALNUM = LETTERS + DIGITS;
const URL_SAFE = `${ALNUM}_-`;
const BASE32 = `${UPPER}234567`;
const BASE64 = `${ALNUM}+/`;

export const SECRETS: Record<string, (lot: Lot) => string> = {
  'openai-key': (lot) =>
    lot.pick([
      `sk-proj-${lot.chars(URL_SAFE, 60)}x`,
      `sk-svcacct-${lot.chars(URL_SAFE, 80)}x`,
      `sk-${lot.chars(ALNUM, 48)}`,
    ]),
  'anthropic-key': (lot) => `sk-ant-${lot.pick(['api03', 'admin01', 'sid01'])}-${lot.chars(URL_SAFE, 93)}AA`,
  'aws-key': (lot) => `${lot.pick(['AKIA', 'ASIA'])}${lot.chars(BASE32, 16)}`,
  'github-token': (lot) =>
    lot.next() < 0.3
      ? `github_pat_${lot.chars(ALNUM, 22)}_${lot.chars(ALNUM, 59)}`
      : `${lot.pick(['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'])}${lot.chars(ALNUM, 36)}`,
  'slack-token': (lot) =>
    lot.pick([
      `xoxb-${lot.chars(DIGITS, 12)}-${lot.chars(DIGITS, 13)}-${lot.chars(ALNUM, 24)}`,
      `xoxp-${lot.chars(DIGITS, 11)}-${lot.chars(DIGITS, 11)}-${lot.chars(`${DIGITS}abcdef`, 32)}`,
      `https://hooks.slack.com/services/T${lot.chars(UPPER, 8)}/B${lot.chars(UPPER, 8)}/${lot.chars(ALNUM, 24)}`,
    ]),
  'stripe-key': (lot) =>
    `${lot.pick(['sk_live_', 'rk_live_', 'sk_test_', 'whsec_'])}${lot.chars(ALNUM, lot.pick([24, 32, 99]))}`,
  'google-key': (lot) =>
    lot.pick([
      `AIza${lot.chars(URL_SAFE, 34)}x`,
      `GOCSPX-${lot.chars(URL_SAFE, 27)}x`,
      `ya29.${lot.chars(URL_SAFE, 60)}x`,
    ]),
  'api-key': (lot) =>
    lot.pick([
      `glpat-${lot.chars(URL_SAFE, 19)}x`,
      `npm_${lot.chars(ALNUM, 36)}`,
      `hf_${lot.chars(LETTERS, 34)}`,
      `SG.${lot.chars(URL_SAFE, 22)}.${lot.chars(URL_SAFE, 42)}x`,
    ]),
  jwt: (lot) => {
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const header = part({ alg: lot.pick(['HS256', 'RS256', 'ES256']), typ: 'JWT' });
    return `${header}.${part({ sub: lot.chars(ALNUM, 12), iat: lot.whole(1.6e9, 1.8e9) })}.${lot.chars(URL_SAFE, 42)}x`;
  },
  'private-key': (lot) => {
    const name = `${lot.pick(['RSA ', 'EC ', '', 'OPENSSH ', 'ENCRYPTED '])}PRIVATE KEY`;
    const lines = Array.from({ length: 6 }, () => lot.chars(BASE64, 64)).join(lot.pick(['\n', '\r\n', '\\n']));
    const begin = `-----BEGIN ${name}-----\n${lines}`;
    return lot.next() < 0.15 ? begin : `${begin}\n-----END ${name}-----`;
  },
  'url-password': (lot) => lot.chars(`${ALNUM}!$&*.`, lot.whole(8, 20)),
  'bearer-token': (lot) => lot.pick([lot.chars(`${DIGITS}abcdef`, 32), lot.chars(ALNUM, 43)]) + lot.form('#x'),
  'assigned-secret': (lot) =>
    lot.next() < 0.1
      ? lot.pick(['correct-horse-battery-staple', 'SommerInBerlin!', 'hunter2'])
      : lot.pick([lot.chars(`${ALNUM}!#%&*+?`, lot.whole(11, 30)), lot.chars(`${DIGITS}abcdef`, 40)]) + lot.form('#x'),
};
