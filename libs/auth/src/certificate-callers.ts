// Finds the caller whom a client certificate names: services of one's own that need no token.
import { z } from 'zod';
import { type Caller, caller, NAME, TENANT } from './caller.js';
import type { PeerCertificate } from './peer-certificate.js';
import { SCOPES } from './scopes.js';

const rowSchema = z
  .strictObject({
    /** RFC 4514, as the certificate has it: `CN=ingest,O=Example`. */
    subject: z.string().min(1).optional(),
    /** One of its alternative names with the kind before it: `URI:spiffe://example/ingest`. */
    san: z.string().min(1).optional(),
    /** The caller's subject; where absent, what the certificate was found by. */
    name: z.string().regex(NAME).optional(),
    tenant: z.string().regex(TENANT),
    scopes: z.array(z.enum(SCOPES)),
  })
  .refine(({ subject, san }) => (subject === undefined) !== (san === undefined), 'must have either subject or san')
  .refine(({ subject, san, name }) => name !== undefined || NAME.test(subject ?? san ?? ''), 'must have a name');

/** What is wrong with MTLS_CALLERS, or nothing. */
export function certificateProblems(rows: readonly unknown[]): Array<{ setting: 'mtlsCallers'; message: string }> {
  return rows.flatMap((row, index) => {
    const issue = rowSchema.safeParse(row).error?.issues[0];
    if (!issue) return [];
    const place = [index + 1, ...issue.path.map(String)].join('.');
    return [{ setting: 'mtlsCallers' as const, message: `is wrong at ${place}: ${issue.message}` }];
  });
}

export interface CertificateCallersOptions {
  /** MTLS_CALLERS, as its rule let it pass. */
  rows: readonly unknown[];
  operatorTenant: string;
  /** Looks at a caller once it is found. What it throws refuses the certificate. */
  check?: ((caller: Caller) => void) | undefined;
  now?: () => number;
}

export class CertificateCallers {
  private readonly rows: ReadonlyArray<z.infer<typeof rowSchema>>;
  private found = new WeakMap<PeerCertificate, Caller>();
  private readonly now: () => number;

  constructor(private readonly options: CertificateCallersOptions) {
    this.rows = z.array(rowSchema).parse(options.rows);
    this.now = options.now ?? Date.now;
  }

  /** The caller of a certificate looked up before, while it lasts. */
  remembered(certificate: PeerCertificate): Caller | undefined {
    const known = this.found.get(certificate);
    return known && this.now() < known.expiresAt ? known : undefined;
  }

  /** The caller of a certificate; the first that fits. `undefined` where it names none, or has ended. Fails as `check` does. */
  find(certificate: PeerCertificate): Caller | undefined {
    const row = this.rows.find(({ subject, san }) =>
      subject === undefined ? certificate.san.includes(san!) : certificate.subject === subject,
    );
    if (!row || this.now() >= certificate.expiresAt) return undefined;
    const { tenant, name = row.subject ?? row.san!, scopes } = row;
    const who = { subject: name, tenant, expiresAt: certificate.expiresAt };
    const found = caller(who, new Set(scopes), this.options.operatorTenant);
    this.options.check?.(found);
    this.found.set(certificate, found);
    return found;
  }

  /** Looks all up again when they come again. */
  forget(): void {
    this.found = new WeakMap();
  }
}
