// Rules of security that no general plugin has: how this project does TLS, hashes, shells, SQL, tokens and patterns.
import { analyse } from 'scslre';

const SQL = /\b(?:SELECT|INSERT|UPDATE|DELETE|PRAGMA|CREATE|DROP|ALTER)\b/i;
const BROKEN_HASH = /^(?:md[245]|sha-?1|ripemd|rmd160)/i;
const BROKEN_CIPHER = /^(?:des|rc[24]|bf|blowfish|seed|idea)|-(?:ecb|cbc|ctr|cfb|ofb)/i;
const RUNS_SQL = ['exec', 'prepare', 'query', 'run', 'all', 'get'];

/** A rule from what it looks at; `report(node, message)` tells. */
const rule = (visitors) => ({
  create: (context) => visitors((node, message) => context.report({ node, message })),
});

const nameOf = (node) => (node?.type === 'Identifier' ? node.name : node?.type === 'Literal' ? node.value : undefined);
const isText = (node) => node?.type === 'Literal' && typeof node.value === 'string';

/** The last name of what is called: `createHash` of `crypto.createHash(…)`. */
const called = ({ callee }) => nameOf(callee.type === 'MemberExpression' ? callee.property : callee);

const option = (node, name) =>
  node?.type === 'ObjectExpression'
    ? node.properties.find((one) => one.type === 'Property' && nameOf(one.key) === name)
    : undefined;

/** A constant in capitals is a part of the program, and so is a text; anything else may come from outside. */
const isConstant = (node) => {
  if (node.type === 'Identifier') return /^[A-Z][A-Z0-9_]*$/.test(node.name);
  if (node.type === 'TemplateLiteral') return node.expressions.every(isConstant);
  return isText(node) || (node.type === 'BinaryExpression' && isConstant(node.left) && isConstant(node.right));
};

const verifiedTls = rule((report) => ({
  Property(node) {
    const name = nameOf(node.key);
    if (name === 'rejectUnauthorized' && node.value.type === 'Literal' && node.value.value === false)
      report(node, 'The certificate of the other side is not verified.');
    if (name === 'checkServerIdentity') report(node, 'The name in the certificate is not what TLS itself checks.');
  },
  Literal(node) {
    if (node.value === 'NODE_TLS_REJECT_UNAUTHORIZED') report(node, 'Verification of certificates is a switch here.');
  },
}));

const strongCrypto = rule((report) => ({
  CallExpression(node) {
    const name = called(node);
    const [first] = node.arguments;
    if (['createHash', 'createHmac', 'hash'].includes(name) && isText(first) && BROKEN_HASH.test(first.value))
      report(node, `${first.value} is broken as a hash.`);
    if (/^create(?:C|Dec)ipheriv$/.test(name ?? '') && isText(first) && BROKEN_CIPHER.test(first.value))
      report(node, `${first.value} does not authenticate what it encrypts.`);
    if (name === 'createDecipheriv' && !option(node.arguments[3], 'authTagLength'))
      report(node, 'Without authTagLength a tag cut short is accepted.');
  },
}));

const unpredictable = rule((report) => ({
  MemberExpression(node) {
    if (nameOf(node.object) === 'Math' && nameOf(node.property) === 'random')
      report(node, 'Math.random can be predicted: node:crypto for anything that others must not guess.');
  },
}));

const noShell = rule((report) => ({
  ImportDeclaration(node) {
    if (!/^(?:node:)?child_process$/.test(node.source.value)) return;
    for (const one of node.specifiers) {
      const name = nameOf(one.imported);
      if (name === 'exec' || name === 'execSync') report(one, `${name} hands its text to a shell.`);
    }
  },
  Property(node) {
    const off = node.value.type === 'Literal' && node.value.value === false;
    if (nameOf(node.key) === 'shell' && !off) report(node, 'Arguments are read by a shell.');
  },
}));

const noDynamicCode = rule((report) => ({
  CallExpression(node) {
    const name = node.callee.type === 'Identifier' ? node.callee.name : undefined;
    if (name === 'eval' || name === 'Function') report(node, `${name} runs a text as code.`);
    if ((name === 'setTimeout' || name === 'setInterval') && isText(node.arguments[0]))
      report(node, `${name} runs a text as code.`);
  },
  NewExpression(node) {
    if (nameOf(node.callee) === 'Function') report(node, 'Function runs a text as code.');
  },
  ImportDeclaration(node) {
    if (/^(?:node:)?vm$/.test(node.source.value)) report(node, 'node:vm is no wall: what runs in it gets out.');
  },
  ImportExpression(node) {
    if (!isConstant(node.source)) report(node, 'What is imported is decided at run time.');
  },
}));

const noBuiltSql = rule((report) => ({
  CallExpression(node) {
    if (!RUNS_SQL.includes(called(node)) || node.callee.object?.regex) return;
    const [sql] = node.arguments;
    if (sql?.type !== 'TemplateLiteral' || !SQL.test(sql.quasis.map(({ value }) => value.raw).join(' '))) return;
    if (!sql.expressions.every(isConstant)) report(sql, 'A value is written into SQL: bind it.');
  },
  BinaryExpression(node) {
    const begun =
      node.operator === '+' && isText(node.left) && /^\s*(?:SELECT|INSERT|UPDATE|DELETE) /i.test(node.left.value);
    if (begun && !isConstant(node.right)) report(node, 'A value is written into SQL: bind it.');
  },
}));

const pinnedTokens = rule((report) => ({
  CallExpression(node) {
    const { callee } = node;
    if (callee.type !== 'MemberExpression' || !/^(?:jwt|jsonwebtoken)$/i.test(nameOf(callee.object) ?? '')) return;
    const name = nameOf(callee.property);
    if (name === 'decode') report(node, 'decode believes a token that nobody has verified.');
    const options = node.arguments[2];
    if (name === 'verify' && (!options || (options.type === 'ObjectExpression' && !option(options, 'algorithms'))))
      report(node, 'verify takes any algorithm that the token names: give algorithms.');
  },
}));

const SECRET = /(?:secret|token|password|apikey|signature|digest|mac)$/i;
const EQUALS = ['===', '!==', '==', '!='];
const holdsSecret = (node) =>
  SECRET.test(nameOf(node.type === 'MemberExpression' ? node.property : node) ?? '') && !isText(node);
/** What is compared with this is no secret: a text of the program, nothing, a type, a number. */
const isPlain = (node) =>
  ['Literal', 'UnaryExpression', 'TemplateLiteral'].includes(node.type) ||
  nameOf(node) === 'undefined' ||
  isConstant(node);

const constantTime = rule((report) => ({
  BinaryExpression({ operator, left, right, ...node }) {
    if (!EQUALS.includes(operator) || isPlain(left) || isPlain(right)) return;
    if (holdsSecret(left) || holdsSecret(right))
      report({ ...node, left, right }, 'How long this takes tells how much is right: timingSafeEqual.');
  },
}));

/** Each way in which the time of a pattern grows faster than the text; as scslre finds them. */
const linearPatterns = rule((report) => ({
  Literal(node) {
    if (!node.regex) return;
    const { reports } = analyse({ source: node.regex.pattern, flags: node.regex.flags });
    for (const { exponential, character } of reports) {
      const growth = exponential ? 'exponentially' : 'with the square';
      report(node, `Time grows ${growth} of the length of a text of many ${JSON.stringify(character.pick)}.`);
    }
  },
}));

export default {
  meta: { name: 'house' },
  rules: {
    'verified-tls': verifiedTls,
    'strong-crypto': strongCrypto,
    unpredictable,
    'no-shell': noShell,
    'no-dynamic-code': noDynamicCode,
    'no-built-sql': noBuiltSql,
    'pinned-tokens': pinnedTokens,
    'constant-time': constantTime,
    'linear-patterns': linearPatterns,
  },
};
