// Secrets by their shape: keys of known vendors, tokens, private keys, passwords in URLs, and what is assigned to a telling name.
import type { Rule, Span } from '../rule.js';

/** Nothing of a token stands before it: so that a long run of such characters is tried once, not at each of them. */
const ALONE = '(?<![A-Za-z0-9_-])';
const ENDS = '(?![A-Za-z0-9_-])';

/** Vendors' published shapes. */
const SHAPES: ReadonlyArray<[kind: string, needs: RegExp, shape: string]> = [
  ['anthropic-key', /sk-ant-/, `sk-ant-[A-Za-z0-9]{2,12}-[A-Za-z0-9_-]{20,200}`],
  ['openai-key', /sk-/, `sk-(?!ant-)(?:(?:proj|svcacct|admin|None)-[A-Za-z0-9_-]{20,220}|[A-Za-z0-9]{32,64})`],
  ['aws-key', /A[KS]IA/, `(?:AKIA|ASIA)[A-Z2-7]{16}`],
  ['github-token', /gh[opusr]_|github_pat_/, `(?:gh[opusr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{22,255})`],
  ['slack-token', /xox|xapp-/, String.raw`(?:xox[abeoprs]-[A-Za-z0-9-]{10,250}|xapp-\d-[A-Za-z0-9-]{10,250})`],
  [
    'slack-token',
    /hooks\.slack/,
    String.raw`hooks\.slack\.com/services/T[A-Z0-9]{6,12}/B[A-Z0-9]{6,12}/[A-Za-z0-9]{18,30}`,
  ],
  ['stripe-key', /[sr]k_|whsec_/, `(?:[sr]k_(?:live|test)_[A-Za-z0-9]{16,250}|whsec_[A-Za-z0-9+/=]{24,100})`],
  [
    'google-key',
    /AIza|GOCSPX-|ya29\./,
    String.raw`(?:AIza[A-Za-z0-9_-]{35}|GOCSPX-[A-Za-z0-9_-]{20,40}|ya29\.[A-Za-z0-9_-]{20,250})`,
  ],
  [
    'api-key',
    /glpat-|npm_|hf_|SG\./,
    String.raw`(?:glpat-[A-Za-z0-9_-]{20,64}|npm_[A-Za-z0-9]{36}|hf_[A-Za-z0-9]{30,40}|SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{32,64})`,
  ],
  ['jwt', /eyJ/, String.raw`eyJ[A-Za-z0-9_-]{8,2048}\.[A-Za-z0-9_-]{8,8192}\.[A-Za-z0-9_-]{0,1024}`],
];

const byShape = SHAPES.map(
  ([kind, needs, shape]): Rule => ({ kind, sort: 'secret', needs, pattern: new RegExp(ALONE + shape + ENDS, 'g') }),
);

const PRIVATE_KEY: Rule = {
  kind: 'private-key',
  sort: 'secret',
  needs: /PRIVATE KEY/,
  // RFC 7468 §3, and the headers of RFC 1421; without its end, what there is of the key. \\n may be written out, as in JSON.
  pattern:
    /-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----(?:[A-Za-z0-9+/=\s\\,:.()]{0,2048}-(?!-)){0,4}[A-Za-z0-9+/=\s\\,:.()]{0,16384}(?:-----END (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----)?/g,
};

const PLACEHOLDER =
  /^(?:[x*.•-]+|\$?[{<[(].*|%.*%?|your.*|my[-_]?.*|example.*|changeme|change[-_]me|placeholder|redacted|hidden|none|null|undefined|true|false|todo|tbd|pass(?:word|wd)?|pwd|secret|token)$/i;

const URL_PASSWORD: Rule = {
  kind: 'url-password',
  sort: 'secret',
  needs: /:\/\/[^\s/]{0,400}@/,
  pattern: /(?<=[a-z]:\/\/)([^\s/@:"'<>]{0,128}):([^\s/@"'<>]{3,256})@(?=[\w[])/gi,
  accept: ({ 0: all, 2: password = '' }) =>
    !PLACEHOLDER.test(password) && { from: all.length - 1 - password.length, to: all.length - 1 },
};

const NAMES = `pass(?:word|wd|phrase|wort|code)|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|auth[_-]?key|client[_-]?secret|credentials?|contraseña|mot de passe|senha|wachtwoord|hasło|kennwort`;

/** `DB_PASSWORD=…`, `"apiKey": "…"`, `token = …`. */
const ASSIGNED: Rule = {
  kind: 'assigned-secret',
  sort: 'secret',
  needs: new RegExp(NAMES, 'i'),
  pattern: new RegExp(
    String.raw`(?:${NAMES})(?:[_-][a-z0-9]{1,16}){0,2}["']?(?:\s{0,3}(?:=>|:=|[:=])\s{0,3}|\s(?:is|ist|lautet|est|es|è|é|jest)\s)["'\`]?([^\s"'\`,;<>(){}]{8,256})`,
    'gi',
  ),
  accept: (match) => assignedIn(match[0], match[1]!),
};

/** `Authorization: Bearer …`, where the token has no shape of its own. */
const BEARER: Rule = {
  kind: 'bearer-token',
  sort: 'secret',
  needs: /bearer\s/i,
  pattern: /(?<!\w)bearer\s{1,3}([\w.~+/=-]{16,2048})/gi,
  accept: (match) => assignedIn(match[0], match[1]!),
};

/** Words are no secrets: what is drawn by lot has digits among its letters, or signs, and repeats itself little. */
const MIN_BITS_A_CHARACTER = 2.5;
const MIN_SORTS = 2;

function assignedIn(all: string, value: string): Span | false {
  const plain = value.replace(/[.!?:]+$/, '');
  const sorts = [/[a-z]/, /[A-Z]/, /\d/, /[^A-Za-z0-9]/].filter((sort) => sort.test(plain)).length;
  const drawn = /\d/.test(plain) && sorts >= MIN_SORTS && entropy(plain) >= MIN_BITS_A_CHARACTER;
  if (!drawn || PLACEHOLDER.test(plain) || isCode(plain)) return false;
  const from = all.length - value.length;
  return { from, to: from + plain.length };
}

/** A place where the secret is, not the secret: `process.env.X`, `config.key2`, a path, a URL, a date, a version. */
function isCode(value: string): boolean {
  return (
    /^[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*|\[[^\]]*\])+$/.test(value) ||
    /^(?:\.{0,2}\/|~\/|[A-Za-z]:\\|https?:\/\/|arn:|vault:|\$)/.test(value) ||
    /^v?\d+(?:[.:/T-]\d+)*(?:[a-zµ]{1,3}|Z)?$/i.test(value)
  );
}

/** Shannon's, in bits a character. */
export function entropy(text: string): number {
  const counts = new Map<string, number>();
  for (const one of text) counts.set(one, (counts.get(one) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}

export const SECRET_RULES: readonly Rule[] = [...byShape, PRIVATE_KEY, URL_PASSWORD, BEARER, ASSIGNED];
