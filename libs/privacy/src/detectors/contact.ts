// E-mail addresses and phone numbers.
import type { Rule } from '../rule.js';
import { PHONE_RULES } from './phone.js';

/** What stands behind the last dot of a file's name, and is no top-level domain. */
const FILE_ENDINGS =
  /\.(?:png|jpe?g|gif|svg|webp|css|js|mjs|cjs|ts|tsx|jsx|json|html?|xml|ya?ml|txt|pdf|exe|dll|zip|jar)$/i;

// RFC 5322 §3.2.3 without quoted names; RFC 6531 lets letters of any script in. Lengths: RFC 5321 §4.5.3.1.
const LOCAL = String.raw`[\p{L}\d](?:[\p{L}\d._%+'-]{0,62}[\p{L}\d_])?`;
const DOMAIN = String.raw`(?:[\p{L}\d](?:[\p{L}\d-]{0,61}[\p{L}\d])?\.){1,6}\p{L}{2,24}`;
const NOT_BEFORE = String.raw`(?<![\p{L}\d._%+'/-])`;

const EMAIL: Rule = {
  kind: 'email',
  sort: 'personal',
  needs: /@/,
  pattern: new RegExp(`${NOT_BEFORE}${LOCAL}@${DOMAIN}(?![\\p{L}\\d@])`, 'gu'),
  accept: ({ 0: address, index, input }) => {
    // A remote of git (git@host:path) and a file's name (icon@2x.png) only look like addresses.
    const after = input.slice(index + address.length, index + address.length + 2);
    return !/^:[\w~/]/.test(after) && !FILE_ENDINGS.test(address);
  },
};

/** Written so that programs do not see it: `name (at) host (dot) org`, `name [at] host.org`. */
const DISGUISED: Rule = {
  kind: 'email',
  sort: 'personal',
  needs: /[([{]\s?at\s?[)\]}]/i,
  pattern: new RegExp(
    String.raw`${NOT_BEFORE}[\w.+-]{1,64}\s{0,2}[([{]\s?at\s?[)\]}]\s{0,2}[\w-]{1,63}` +
      String.raw`(?:(?:\.|\s{0,2}[([{]\s?(?:dot|punkt|point|punto)\s?[)\]}]\s{0,2})[\p{L}\d-]{2,63}){1,4}`,
    'giu',
  ),
};

export const EMAIL_RULES: readonly Rule[] = [EMAIL, DISGUISED];
export const CONTACT_RULES: readonly Rule[] = [...EMAIL_RULES, ...PHONE_RULES];
