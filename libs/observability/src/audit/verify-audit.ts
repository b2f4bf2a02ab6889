// Finds lines of an audit log that were removed, altered, moved or added by another hand.
import { type AuditLine, GENESIS, hashOf, parseAuditLine } from './audit-line.js';

export interface AuditProblem {
  /** Number of the line, or where it should be. */
  n: number;
  problem: 'unreadable' | 'missing' | 'altered' | 'broken_link' | 'bad_signature' | 'unsigned' | 'head_differs';
}

export interface AuditVerdict {
  lines: number;
  problems: AuditProblem[];
  /** The last line seen: keep it elsewhere, and a log that was cut short is found by it. */
  head: { n: number; hash: string | undefined };
}

/** Whether a signature of a hash (its 64 hex characters as text) is good; `undefined` for a key that is not known. */
export type CheckSignature = (keyId: string, signature: string, hash: string) => boolean | undefined;

export interface VerifyAuditOptions {
  checkSignature?: CheckSignature | undefined;
  /** A head kept elsewhere: the log must contain it. */
  expected?: { n: number; hash: string } | undefined;
}

/** Reads lines in order, one at a time, and tells at the end what is wrong with them. */
export class AuditVerifier {
  /** Its hash is unknown after a line that could not be read: what follows cannot be held against it. */
  private head: { n: number; hash: string | undefined } = { n: 0, hash: GENESIS };
  private lines = 0;
  private met: boolean;
  private readonly problems: AuditProblem[] = [];

  constructor(private readonly options: VerifyAuditOptions = {}) {
    this.met = options.expected === undefined;
  }

  read(text: string): void {
    this.lines += 1;
    const line = parseAuditLine(text);
    if (!line) {
      this.head = { n: this.head.n + 1, hash: undefined };
      this.found(this.head.n, 'unreadable');
      return;
    }
    for (let missing = this.head.n + 1; missing < line.n; missing++) this.found(missing, 'missing');
    const { n, hash } = this.head;
    if (line.n <= n || (line.n === n + 1 && hash !== undefined && line.prev !== hash))
      this.found(line.n, 'broken_link');
    if (hashOf(line) !== line.hash) this.found(line.n, 'altered');
    this.checkSignature(line);
    if (line.n === this.options.expected?.n && line.hash === this.options.expected.hash) this.met = true;
    this.head = { n: line.n, hash: line.hash };
  }

  verdict(): AuditVerdict {
    const { expected } = this.options;
    const cut = this.met || !expected ? [] : [{ n: expected.n, problem: 'head_differs' as const }];
    return { lines: this.lines, problems: [...this.problems, ...cut], head: this.head };
  }

  private checkSignature({ n, keyId, signature, hash }: AuditLine): void {
    const { checkSignature } = this.options;
    if (!checkSignature) return;
    if (keyId === undefined || signature === undefined) this.found(n, 'unsigned');
    else if (checkSignature(keyId, signature, hash) !== true) this.found(n, 'bad_signature');
  }

  private found(n: number, problem: AuditProblem['problem']): void {
    this.problems.push({ n, problem });
  }
}
