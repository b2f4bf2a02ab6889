// Addresses of machines on a network, which name a household or a person often enough.
import { isIP } from 'node:net';
import type { Rule } from '../rule.js';

const OF_NOBODY = /^(?:0\.0\.0\.0|127\.|255\.255\.255\.255|::1?$)/;

export const NETWORK_RULES: readonly Rule[] = [
  {
    kind: 'ip-address',
    sort: 'personal',
    needs: /\d\.\d/,
    pattern: /(?<![\w.-])\d{1,3}(?:\.\d{1,3}){3}(?![\w-]|\.\d)/g,
    accept: ({ 0: address }) => isIP(address) === 4 && !OF_NOBODY.test(address),
  },
  {
    kind: 'ip-address',
    sort: 'personal',
    needs: /[\da-f]:[\da-f:]/i,
    pattern: /(?<![\w:.])[\da-f]{1,4}:(?:[\da-f]{0,4}:){1,6}[\da-f]{0,4}(?![\w:])/gi,
    accept: ({ 0: address }) => isIP(address) === 6 && !OF_NOBODY.test(address),
  },
];
