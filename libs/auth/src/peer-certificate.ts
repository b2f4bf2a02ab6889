// The certificate of a peer that TLS has verified: whoever ends TLS fills this in, and callers are found by it.

/** Only of a certificate that the server's list of authorities vouches for. One object a connection, so that its caller is found once. */
export interface PeerCertificate {
  /** The subject as RFC 4514 writes it: `CN=billing,O=Acme,C=CH`. */
  readonly subject: string;
  /** Subject alternative names with their kind before them: `DNS:billing.internal`, `URI:spiffe://acme/billing`. */
  readonly san: readonly string[];
  /** Epoch milliseconds: notAfter. */
  readonly expiresAt: number;
}
