// Takes secrets and e-mail addresses out of lines of a log: cheap where there are none, which is almost always.
import { EMAIL_RULES } from './detectors/contact.js';
import { SECRET_RULES } from './detectors/secrets.js';
import { replaced, withoutOverlaps } from './findings.js';
import { found } from './rule.js';

/** What programs put into messages of errors. Numbers of people are not looked for: too many lines hold some number. */
const RULES = [...SECRET_RULES, ...EMAIL_RULES];

/** A line without any of these holds nothing: one look instead of one for each rule. */
const HINT = new RegExp(RULES.map(({ needs }) => needs.source).join('|'), 'i');

/** The line with `mask` in place of everything that has the shape of a secret or of an e-mail address. */
export function fitForLogs(line: string, mask: string): string {
  if (!HINT.test(line)) return line;
  const findings = RULES.flatMap((rule) => [...found(rule, line)]);
  return replaced(line, withoutOverlaps(findings), () => mask);
}
