// Rules of security that no general plugin has: how this project does TLS, hashes, shells, SQL, tokens and patterns.
import { analyse } from 'scslre';

const SQL = /\b(?:SELECT|INSERT|UPDATE|DELETE|PRAGMA|CREATE|DROP|ALTER)\b/i;
const BROKEN_HASH = /^(?:md[245]|sha-?1|ripemd|rmd160)/i;
const BROKEN_CIPHER = /^(?:des|rc[24]|bf|blowfish|seed|idea)|-(?:ecb|cbc|ctr|cfb|ofb)/i;
const RUNS_SQL = ['exec', 'prepare', 'query', 'run', 'all', 'get'];

/** A rule from what it looks at; `report(node, message)` tells. */
const rule = (visitors) => ({
  create: (context) => visitors((node, message) => context.report({ node, message }), context),
});

/** Without what only the compiler reads: `a` of `(a as Any)` and of `a!`. */
const bare = (node) => (/^TS(?:As|NonNull|Satisfies)Expression$/.test(node?.type) ? bare(node.expression) : node);
const nameOf = (given) => {
  const node = bare(given);
  return node?.type === 'Identifier' ? node.name : node?.type === 'Literal' ? node.value : undefined;
};
const isText = (node) => node?.type === 'Literal' && typeof node.value === 'string';
const isFalse = (node) => node?.type === 'Literal' && node.value === false;

/** A text of the program: in quotes, in backticks, or by String.raw. */
const textOf = (node) => {
  if (isText(node)) return node.value;
  const isRaw = node?.type === 'TaggedTemplateExpression' && nameOf(node.tag.property) === 'raw';
  const template = isRaw ? node.quasi : node;
  if (template?.type !== 'TemplateLiteral' || template.expressions.length > 0) return undefined;
  return template.quasis[0].value[isRaw ? 'raw' : 'cooked'];
};

/** What stands here or, where a name does, all that this file ever writes into the variable of that name. */
const meant = ({ sourceCode }, node) => {
  if (node?.type !== 'Identifier') return [node];
  for (let scope = sourceCode.getScope(node); scope; scope = scope.upper) {
    const variable = scope.set.get(node.name);
    if (variable) return variable.references.map(({ writeExpr }) => writeExpr).filter(Boolean);
  }
  return [];
};

/** The last name of what is called: `createHash` of `crypto.createHash(…)`. */
const called = ({ callee }) => nameOf(callee.type === 'MemberExpression' ? callee.property : callee);

const GLOBALS = ['globalThis', 'global', 'window', 'self'];
/** The same, where it is one that every program has: `eval` of `eval(…)`, `globalThis.eval(…)` and `(0, eval)(…)`. */
const globalCalled = ({ callee }) => {
  const it = callee.type === 'SequenceExpression' ? callee.expressions.at(-1) : callee;
  if (it.type !== 'MemberExpression') return nameOf(it);
  return GLOBALS.includes(nameOf(it.object)) ? nameOf(it.property) : undefined;
};

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

const SWITCH = 'NODE_TLS_REJECT_UNAUTHORIZED';
const verifiedTls = rule((report) => {
  const set = (node, name, value) => {
    if (name === 'rejectUnauthorized' && isFalse(value))
      report(node, 'The certificate of the other side is not verified.');
    if (name === 'checkServerIdentity') report(node, 'The name in the certificate is not what TLS itself checks.');
  };
  const named = (node) => {
    if (nameOf(node) === SWITCH) report(node, 'Verification of certificates is a switch here.');
  };
  return {
    Property: (node) => set(node, nameOf(node.key), node.value),
    AssignmentExpression(node) {
      if (node.left.type === 'MemberExpression') set(node, nameOf(node.left.property), node.right);
    },
    Literal: named,
    Identifier: named,
  };
});

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

const SHELL = /(?:^|[\\/])(?:(?:a|ba|c|da|fi|k|tc|z)?sh|cmd|powershell|pwsh)(?:\.exe)?$/i;
const STARTS = ['spawn', 'spawnSync', 'execFile', 'execFileSync'];
const HANDS_ON = ['exec', 'execSync'];
const noShell = rule((report, context) => {
  /** Names under which this file has all of node:child_process. */
  const whole = new Set();
  return {
    ImportDeclaration(node) {
      if (!/^(?:node:)?child_process$/.test(node.source.value)) return;
      for (const one of node.specifiers) {
        const name = nameOf(one.imported) ?? 'default';
        if (name === 'default') whole.add(one.local.name);
        if (HANDS_ON.includes(name)) report(one, `${name} hands its text to a shell.`);
      }
    },
    Property(node) {
      if (nameOf(node.key) === 'shell' && !isFalse(node.value)) report(node, 'Arguments are read by a shell.');
    },
    CallExpression(node) {
      const name = called(node);
      if (HANDS_ON.includes(name) && whole.has(nameOf(node.callee.object)))
        report(node, `${name} hands its text to a shell.`);
      const [program, given] = node.arguments;
      // Under another name too: who hands a shell a text to run says so by this option.
      const runsText = given?.type === 'ArrayExpression' && /^[-/]\w*c$/i.test(textOf(given.elements[0]) ?? '');
      if (!STARTS.includes(name) && !runsText) return;
      if (meant(context, program).some((one) => SHELL.test(textOf(one) ?? ''))) report(node, 'It starts a shell.');
    },
  };
});

const noDynamicCode = rule((report) => ({
  CallExpression(node) {
    const name = globalCalled(node);
    if (name === 'eval' || name === 'Function') report(node, `${name} runs a text as code.`);
    if ((name === 'setTimeout' || name === 'setInterval') && isText(node.arguments[0]))
      report(node, `${name} runs a text as code.`);
  },
  NewExpression(node) {
    if (globalCalled(node) === 'Function') report(node, 'Function runs a text as code.');
  },
  ImportDeclaration(node) {
    if (/^(?:node:)?vm$/.test(node.source.value)) report(node, 'node:vm is no wall: what runs in it gets out.');
  },
  ImportExpression(node) {
    if (!isConstant(node.source)) report(node, 'What is imported is decided at run time.');
  },
}));

const isSql = (node) =>
  SQL.test(
    node?.type === 'TemplateLiteral' ? node.quasis.map(({ value }) => value.raw).join(' ') : (textOf(node) ?? ''),
  );
const noBuiltSql = rule((report, context) => ({
  CallExpression(node) {
    if (!RUNS_SQL.includes(called(node)) || node.callee.object?.regex) return;
    const parts = meant(context, node.arguments[0]);
    if (!parts.some(isSql)) return;
    for (const part of parts)
      if (part.type === 'TemplateLiteral' && !part.expressions.every(isConstant))
        report(part, 'A value is written into SQL: bind it.');
  },
  BinaryExpression(node) {
    const begun =
      node.operator === '+' && isText(node.left) && /^\s*(?:SELECT|INSERT|UPDATE|DELETE) /i.test(node.left.value);
    if (begun && !isConstant(node.right)) report(node, 'A value is written into SQL: bind it.');
  },
}));

const pinnedTokens = rule((report) => {
  /** A name of this file → what it is of jsonwebtoken; nothing, where it is all of it. */
  const imported = new Map();
  const isPackage = (name) =>
    /^(?:jwt|jsonwebtoken)$/i.test(name ?? '') || (imported.has(name) && imported.get(name) === undefined);
  return {
    Program({ body }) {
      for (const { type, source, specifiers } of body)
        if (type === 'ImportDeclaration' && source.value === 'jsonwebtoken')
          for (const { local, imported: original } of specifiers)
            imported.set(local.name, nameOf(original) === 'default' ? undefined : nameOf(original));
    },
    VariableDeclarator({ id, init }) {
      if (id.type !== 'ObjectPattern' || !isPackage(nameOf(init))) return;
      for (const { key, value } of id.properties) if (nameOf(value)) imported.set(nameOf(value), nameOf(key));
    },
    CallExpression(node) {
      const { callee } = node;
      const ofPackage = callee.type === 'MemberExpression' && isPackage(nameOf(callee.object));
      const name = ofPackage ? nameOf(callee.property) : imported.get(nameOf(callee));
      if (name === 'decode') report(node, 'decode believes a token that nobody has verified.');
      const options = node.arguments[2];
      const pinned = options?.type === 'ObjectExpression' ? option(options, 'algorithms') : options;
      if (name === 'verify' && (!pinned || /Function/.test(pinned.type)))
        report(node, 'verify takes any algorithm that the token names: give algorithms.');
    },
  };
});

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
const linearPatterns = rule((report, context) => {
  const look = (node, source, flags) => {
    for (const { exponential, character } of analysed(source, flags)) {
      const growth = exponential ? 'exponentially' : 'with the square';
      report(node, `Time grows ${growth} of the length of a text of many ${JSON.stringify(character.pick)}.`);
    }
  };
  const made = (node) => {
    if (globalCalled(node) !== 'RegExp') return;
    const [source, flags] = node.arguments;
    for (const text of meant(context, source).map(textOf)) if (text) look(node, text, textOf(flags) ?? '');
  };
  return {
    Literal(node) {
      if (node.regex) look(node, node.regex.pattern, node.regex.flags);
    },
    CallExpression: made,
    NewExpression: made,
  };
});

function analysed(source, flags) {
  try {
    return analyse({ source, flags }).reports;
  } catch (error) {
    // A text that is no pattern never becomes one: whoever runs this line hears of it.
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}

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
