// What npm's audit said, in one of three words: nothing known, something known, or nothing said.

export interface AuditReply {
  auditReportVersion?: number;
  vulnerabilities?: Record<
    string,
    { severity: string; range: string; nodes?: string[]; via: (string | { title: string })[] }
  >;
  metadata?: { dependencies?: { total: number } };
}

export const EXIT = { clean: 0, vulnerable: 1, unknown: 3 } as const;

/**
 * Any vulnerability fails, of whatever severity. A reply that is no report is never a pass.
 * @param of paths of packages, `node_modules/a`: what is known of others does not count. All of them unless given
 */
export function auditOutcome(reply: AuditReply, of?: ReadonlySet<string>): { code: number; lines: string[] } {
  const { auditReportVersion, vulnerabilities, metadata } = reply;
  if (auditReportVersion === undefined || vulnerabilities === undefined) {
    return {
      code: EXIT.unknown,
      lines: [
        'NOT KNOWN: this registry gave no vulnerability data, so nothing was audited.',
        'Ask again where npm reaches a registry that serves advisories; CI does so every day.',
      ],
    };
  }
  const known = Object.entries(vulnerabilities).filter(
    ([, { nodes }]) => !of || !nodes || nodes.some((path) => of.has(path)),
  );
  if (known.length === 0) {
    return {
      code: EXIT.clean,
      lines: [`No known vulnerability in ${of?.size ?? metadata?.dependencies?.total ?? 'all'} packages.`],
    };
  }
  const told = known.map(([name, { severity, range, via }]) => {
    const titles = via.map((one) => (typeof one === 'string' ? `by ${one}` : one.title));
    return `${severity}  ${name} ${range}  ${titles.join('; ')}`;
  });
  return { code: EXIT.vulnerable, lines: [...told, `${known.length} vulnerable packages.`] };
}
